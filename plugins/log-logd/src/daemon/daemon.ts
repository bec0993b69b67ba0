import type { HelperDaemon } from "@polyvisor/sdk/helper-daemon";
import { keptFolder } from "../kept-folder.js";
import { KeptLogs } from "../kept-logs.js";
import { type HandedLog, Logs } from "./logs.js";
import { LOG_DAEMON_PROGRAM, logDaemonHandlers } from "./service.js";

const MAX_SIZE = 2_097_152;
const MAX_BACKUPS = 3;

/** polyvisor-logd: libvirt's log daemon, done again. */
export const LOG_DAEMON: HelperDaemon<(typeof LOG_DAEMON_PROGRAM)["calls"], undefined> = {
  name: "polyvisor-logd",
  libvirtName: "virtlogd",
  packageFile: new URL("../../package.json", import.meta.url),
  async start({ places, settings, log, saved }) {
    const limits = {
      maxSize: settings.unsigned("max_size") ?? MAX_SIZE,
      maxBackups: settings.unsigned("max_backups") ?? MAX_BACKUPS,
    };
    const logs = new Logs(limits, new KeptLogs(keptFolder(places.socket), log), log);
    await logs.restore((saved as readonly HandedLog[] | undefined) ?? []);
    return {
      program: LOG_DAEMON_PROGRAM,
      handlers: logDaemonHandlers(logs),
      newState: () => undefined,
      closed() {},
      isBusy: () => logs.size > 0,
      hold: () => logs.hold(),
      release: () => logs.release(),
      save() {
        const state = logs.handOver();
        return { state, descriptors: state.map(({ descriptor }) => descriptor) };
      },
      close: () => logs.close(),
    };
  },
};
