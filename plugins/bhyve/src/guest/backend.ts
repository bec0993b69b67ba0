import type { Duplex } from "node:stream";
import { type HypervisorHandlers, REBOOT_FLAG } from "@polyvisor/core";
import type { Capabilities } from "@polyvisor/sdk/conf/capabilities";
import type { Domain, DomainHooks } from "@polyvisor/sdk/conf/domain";
import type { GuestBackend, GuestHypervisor } from "@polyvisor/sdk/driver";
import { bhyveHooks } from "../conf/index.js";
import { bhyveError } from "../errors.js";
import { topics } from "../handlers/topics.js";
import type { BhyveHost } from "../host/host.js";
import type { BhyveGuest } from "./guest.js";
import { GuestStarter, type StarterParts } from "./starter.js";

/** Names of the first serial port. */
const CONSOLES: readonly string[] = ["serial0", "console0", "com1"];

/** What is known before the first guest is looked for. */
export interface BackendParts extends StarterParts {
  readonly capabilities: Capabilities;
}

/** bhyve as a backend of guests. */
export class BhyveBackend implements GuestBackend<BhyveGuest> {
  readonly scheme = "bhyve";
  readonly type = "BHYVE";
  readonly version: number;
  readonly documents: DomainHooks;
  readonly powerFlags = REBOOT_FLAG.ACPI_POWER_BTN;
  readonly #host: BhyveHost;
  readonly #parts: BackendParts;
  readonly #starter: GuestStarter;

  constructor(parts: BackendParts) {
    this.#parts = parts;
    this.#host = parts.host;
    this.#starter = new GuestStarter(parts);
    this.version = parseRelease(parts.host.release);
    this.documents = bhyveHooks(parts.capabilities, parts.host.features.bhyve);
  }

  start(config: Domain): Promise<BhyveGuest> {
    return this.#starter.start(config);
  }

  find(config: Domain, token: unknown): Promise<BhyveGuest | undefined> {
    return this.#starter.find(config, token);
  }

  shutdown(guest: BhyveGuest): void {
    guest.pressPowerButton();
  }

  reboot(guest: BhyveGuest): void {
    guest.reboot();
  }

  cpuTime(guest: BhyveGuest): Promise<bigint> {
    return guest.cpuTime();
  }

  /** The other end of the first serial port's null modem. */
  async console({ config }: BhyveGuest, device: string | null): Promise<Duplex> {
    if (device !== null && !CONSOLES.includes(device))
      throw bhyveError("INVALID_ARG", `cannot find console '${device}'`, `there is one: ${CONSOLES[0]}`);
    const [serial] = config.devices.serials;
    if (serial === undefined)
      throw bhyveError("INTERNAL_ERROR", "no console devices available", "add <serial type='nmdm'/>");
    if (serial.source.type !== "nmdm" || serial.source.slave === undefined)
      throw bhyveError("INTERNAL_ERROR", "the serial port is not a null modem", "use <serial type='nmdm'/>");
    return this.#host.openTerminal(serial.source.slave);
  }

  handlers(hypervisor: GuestHypervisor<BhyveGuest>): HypervisorHandlers {
    return topics(this.#parts, hypervisor);
  }
}

/** `13.2-RELEASE-p4` is 13 002 000. */
export function parseRelease(release: string): number {
  const [, major = 0, minor = 0, micro = 0] = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(release) ?? [];
  return Number(major) * 1_000_000 + Number(minor) * 1000 + Number(micro);
}
