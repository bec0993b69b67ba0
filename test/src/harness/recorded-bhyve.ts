import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createHost } from "@polyvisor/core";
import { type HypervisorProfile, type HypervisorSubject, TRAITS } from "@polyvisor/sdk/conformance";
import type { Place } from "./conformance.js";
import { killPlugins } from "./kill-plugins.js";
import { Polyvisord } from "./polyvisord.js";
import { project } from "./project.js";

/** What the plugin's own tests have: bhyve on a host that records what it is asked to do, and runs nothing. */
const TESTING = join(project, "plugins/bhyve/dist/testing");
const { makeRecordedPlugin } = (await import(pathToFileURL(join(TESTING, "recorded-plugin.js")).href)) as {
  makeRecordedPlugin(parent: string): Promise<string>;
};

const MODE = process.getuid?.() === 0 ? "system" : "session";

/** More than any test kills. */
const CRASHES = 1000;

/** A daemon whose driver of bhyve is on a recording host. */
export class RecordedBhyve {
  readonly daemon: Polyvisord;
  readonly #plugins: string;

  private constructor(daemon: Polyvisord, plugins: string) {
    this.daemon = daemon;
    this.#plugins = plugins;
  }

  static async start(place: Place = "in the daemon"): Promise<RecordedBhyve> {
    const plugins = await mkdtemp(join(tmpdir(), "recorded-plugins-"));
    const daemon = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")));
    const recorded = new RecordedBhyve(daemon, plugins);
    try {
      const isolation = place === "isolated" ? `isolate = [ "bhyve" ]\nisolate_crashes = ${CRASHES}\n` : "";
      const plugin = await makeRecordedPlugin(plugins);
      await writeFile(recorded.#settings, `plugins = [ "${plugin}" ]\n${isolation}`);
      await recorded.start();
      return recorded;
    } catch (error) {
      await recorded.dispose();
      throw error;
    }
  }

  get #settings(): string {
    return join(this.#plugins, "polyvisord.conf");
  }

  get uri(): string {
    return `bhyve+unix:///${MODE}?socket=${this.daemon.socket}`;
  }

  start(): Promise<void> {
    return this.daemon.start("--config", this.#settings);
  }

  async again(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await this.daemon.end(signal);
    await this.start();
  }

  async dispose(): Promise<void> {
    await this.daemon.dispose();
    await rm(this.#plugins, { recursive: true, force: true });
  }
}

/** The driver behind such a daemon, as the kit sees it. */
export async function behindRecordedBhyve(place: Place): Promise<HypervisorSubject> {
  const [recorded, host] = await Promise.all([
    RecordedBhyve.start(place),
    createHost({ plugins: [join(project, "plugins/remote")] }),
  ]);
  return {
    open: ({ readOnly = false } = {}) => host.open(recorded.uri, { readOnly }),
    restart: () => recorded.again("SIGTERM"),
    kill: () => (place === "isolated" ? killPlugins(recorded.daemon.pid) : recorded.again("SIGKILL")),
    async close() {
      await host.close();
      await recorded.dispose();
    },
  };
}

/** A guest on a disk and a bridge; `{name}` and `{uuid}` are to be filled in. */
export const bhyveDocument = (devices = "") => `<domain type='bhyve'>
  <name>{name}</name><uuid>{uuid}</uuid><memory unit='KiB'>65536</memory><vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
    <disk type='file'><source file='/guests/{name}.img'/><target dev='vda' bus='virtio'/></disk>
    <interface type='bridge'><mac address='52:54:00:c0:de:02'/><source bridge='bridge0'/><model type='virtio'/></interface>
    ${devices}
  </devices>
</domain>`;

/** What the driver claims there. */
export const RECORDED_BHYVE_PROFILE: HypervisorProfile = {
  fixtures: { domain: bhyveDocument(), console: bhyveDocument("<serial type='nmdm'/>") },
  traits: [TRAITS.guestsRun, TRAITS.obeysShutdown, TRAITS.keepsDefinitions, TRAITS.keepsGuests, TRAITS.idsOfRuns],
};
