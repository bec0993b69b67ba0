import { rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HostInfo, Log } from "@polyvisor/core";
import type { Domain } from "@polyvisor/sdk/conf/domain";
import { makePorts, reclaimPorts, releasePorts, withPortIds } from "@polyvisor/sdk/network-ports";
import { makeFolders } from "@polyvisor/sdk/store";
import { bhyveArgv, bridgeOf, type LoaderPlan, loaderPlan, withFirmware } from "../command-line/index.js";
import type { BhyveHost, Tap } from "../host/host.js";
import { BhyveGuest, type GuestToken } from "./guest.js";
import { vncPortOf, wantsVncPort, withoutChoices, withTaps, withVncPort } from "./live.js";
import type { Services } from "./services.js";
import { VncPorts } from "./vnc-ports.js";

export interface StarterParts {
  readonly host: BhyveHost;
  readonly services: Services;
  readonly info: HostInfo;
  readonly log: Log;
  /** The folder of firmware images. */
  readonly firmwareFolder: string;
}

/** What is to be undone where a start fails, the last first. */
type Undo = () => Promise<void> | void;

/** Starts guests, finds them again, and gives back what they had of the host. */
export class GuestStarter {
  readonly #parts: StarterParts;
  readonly #ports = new VncPorts();

  constructor(parts: StarterParts) {
    this.#parts = parts;
  }

  async start(written: Domain): Promise<BhyveGuest> {
    const { host, services, firmwareFolder } = this.#parts;
    const firmware = await host.firmware(firmwareFolder);
    const wanted = await services.withVolumes(withFirmware(withoutChoices(written), firmware));
    this.#rehearse(wanted);
    const undo: Undo[] = [];
    try {
      return await this.#run(wanted, undo);
    } catch (error) {
      for (const each of undo.reverse()) await this.#orLog(wanted.name, each);
      throw error;
    }
  }

  async find(config: Domain, token: unknown): Promise<BhyveGuest | undefined> {
    const { host, services } = this.#parts;
    const process = await host.find(config.name, (token as Partial<GuestToken> | null)?.process);
    if (process === undefined) {
      await this.#giveBack(config);
      return undefined;
    }
    const port = vncPortOf(config);
    if (port !== undefined) this.#ports.take(port);
    // A network that does not answer must not keep the guest from being found.
    void this.#orLog(config.name, () => reclaimPorts(services, config));
    return new BhyveGuest(process, config, () => this.#giveBack(config));
  }

  /** What this bhyve cannot do is told before anything of the host is touched. */
  #rehearse(config: Domain): void {
    const { features } = this.#parts.host;
    loaderPlan(config, { grubConsole: features.grubConsole, deviceMap: this.#deviceMap(config) });
    const cards = config.devices.interfaces.map((card): typeof card =>
      // What a network has for the card is only known when it is asked.
      card.source.type === "network" ? { ...card, source: { type: "bridge", bridge: "any" } } : card,
    );
    const rehearsed = { ...config, devices: { ...config.devices, interfaces: cards } };
    bhyveArgv(rehearsed, features.bhyve, { taps: cards.map(() => "tap0"), vncPort: 5900 });
  }

  async #run(wanted: Domain, undo: Undo[]): Promise<BhyveGuest> {
    const { host, services } = this.#parts;
    const { features } = host;
    const numbered = withPortIds(wanted);
    undo.push(() => releasePorts(services, numbered));
    const plugged = await makePorts(services, numbered);
    // The cards are looked at once more: now it is known what they are connected to.
    bhyveArgv(plugged, features.bhyve, { taps: plugged.devices.interfaces.map(() => "tap0"), vncPort: 5900 });
    const taps = await this.#connect(plugged, undo);
    const vncPort = await this.#choosePort(plugged, undo);
    const live = withVncPort(
      withTaps(
        plugged,
        taps.map(({ name }) => name),
      ),
      vncPort,
    );
    undo.push(() => host.removeMachine(live.name));
    const deviceMap = this.#deviceMap(live);
    await this.#load(live, loaderPlan(live, { grubConsole: features.grubConsole, deviceMap }), deviceMap);
    const argv = bhyveArgv(live, features.bhyve, { taps: taps.map(({ device }) => device), vncPort });
    const process = await host.start(argv, this.#log(live));
    return new BhyveGuest(process, live, () => this.#giveBack(live));
  }

  async #connect({ devices }: Domain, undo: Undo[]): Promise<readonly Tap[]> {
    const { host } = this.#parts;
    const taps: Tap[] = [];
    for (const card of devices.interfaces) {
      const tap = await host.connectTap(bridgeOf(card) ?? "", card.target?.dev);
      undo.push(() => host.removeTap(tap.name));
      taps.push(tap);
    }
    return taps;
  }

  /** 0 where there is no screen. */
  async #choosePort(config: Domain, undo: Undo[]): Promise<number> {
    if (!wantsVncPort(config)) {
      const port = vncPortOf(config) ?? 0;
      if (port !== 0) this.#ports.take(port);
      undo.push(() => this.#ports.release(port));
      return port;
    }
    const port = await this.#ports.acquire();
    undo.push(() => this.#ports.release(port));
    return port;
  }

  async #load(config: Domain, plan: LoaderPlan | undefined, deviceMap: string): Promise<void> {
    if (plan === undefined) return;
    try {
      if (plan.deviceMap !== undefined) {
        await makeFolders(dirname(deviceMap), 0o700);
        await writeFile(deviceMap, plan.deviceMap, { mode: 0o644 });
      }
      await this.#parts.host.load(plan.argv, this.#log(config));
    } finally {
      if (plan.deviceMap !== undefined) await rm(deviceMap, { force: true });
    }
  }

  /** What fails does not keep the rest: the first failure is thrown in the end. */
  async #giveBack(config: Domain): Promise<void> {
    const { host, services } = this.#parts;
    const port = vncPortOf(config);
    if (port !== undefined) this.#ports.release(port);
    const taps = config.devices.interfaces.flatMap(({ target }) => (target?.dev === undefined ? [] : [target.dev]));
    const results = await Promise.allSettled([
      host.removeMachine(config.name),
      ...taps.map((name) => host.removeTap(name)),
      this.#orLog(config.name, () => releasePorts(services, config)),
    ]);
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined) throw failure.reason;
  }

  async #orLog(name: string, work: Undo): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#parts.log.error({ err: error, domain: name }, "what a guest had of the host could not all be given back");
    }
  }

  #deviceMap({ name }: Domain): string {
    return join(this.#parts.info.paths.run, "bhyve", `grub_bhyve-${name}-device.map`);
  }

  #log({ name }: Domain): string {
    return join(this.#parts.info.paths.log, "bhyve", `${name}.log`);
  }
}
