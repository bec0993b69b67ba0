import { lockProgram } from "@polyvisor/core";
import { runHelperDaemon } from "@polyvisor/sdk/helper-daemon";
import { clientClosed, type LockClientState, lockHandlers, NEW_CLIENT } from "./handlers.js";
import type { SavedEntries } from "./keeper-client.js";
import { LockTable } from "./lock-table.js";

/** The program of the lock daemon. */
await runHelperDaemon<typeof lockProgram.calls, LockClientState>({
  name: "polyvisor-lockd",
  libvirtName: "virtlockd",
  packageFile: new URL("../../package.json", import.meta.url),
  start: async ({ places, log, saved }) => {
    const table = await LockTable.open(`${places.socket}-keeper`, log, saved as SavedEntries | undefined);
    return {
      program: lockProgram,
      handlers: lockHandlers(table),
      newState: () => NEW_CLIENT,
      closed: (client) => clientClosed(table, client),
      isBusy: () => table.isBusy,
      hold: () => table.hold(),
      release: () => table.resume(),
      save: () => {
        const state = table.save();
        return { state, descriptors: state.flatMap(({ fd }) => (fd === null ? [] : [fd])) };
      },
      close: () => table.close(),
    };
  },
});
