import { type Duplex, PassThrough } from "node:stream";
import {
  type ByteStream,
  CONSOLE_FLAG,
  type Domain,
  type DomainActionsHandlers,
  type DomainLifecycleHandlers,
  LIFECYCLE_EVENT,
} from "@polyvisor/core";
import type { Channel, Chardev, Domain as Config } from "@polyvisor/sdk/conf";
import { checkFlags, testError } from "../errors.js";
import type { TestHypervisor } from "../hypervisor.js";
import { EchoTerminal } from "./echo.js";

const CHANNEL_FORCE = 1;

/** Streams to guests: a terminal that echoes, and channels that give back what they get. */
export function consoleHandlers(hypervisor: TestHypervisor): DomainLifecycleHandlers & DomainActionsHandlers {
  const { domains, events } = hypervisor;
  const open = new OpenStreams();
  events.watch((event) => {
    if (event.kind === "lifecycle" && event.event === LIFECYCLE_EVENT.STOPPED) open.end(event.dom);
  });

  return {
    domainOpenConsole({ dom, devName, flags }) {
      checkFlags(flags, CONSOLE_FLAG.SAFE | CONSOLE_FLAG.FORCE, "testDomainOpenConsole");
      const domain = domains.find(dom);
      domain.expectActive();
      const place = terminalOf(domain.config, devName);
      open.claim(dom, place, (flags & CONSOLE_FLAG.FORCE) !== 0, "console session");
      return open.keep(dom, place, new EchoTerminal(`Connected to the test guest '${domain.ref.name}'.\r\n`));
    },

    domainOpenChannel({ dom, name, flags }) {
      checkFlags(flags, CHANNEL_FORCE, "testDomainOpenChannel");
      const domain = domains.find(dom);
      domain.expectActive();
      const place = channelOf(domain.config, name);
      open.claim(dom, place, (flags & CHANNEL_FORCE) !== 0, "channel stream");
      return open.keep(dom, place, new PassThrough());
    },
  };
}

/** The streams that are open: one at a time for each device, and none longer than its guest runs. */
class OpenStreams {
  readonly #streams = new Map<string, Map<string, Duplex>>();

  /** Makes a device free. Throws where somebody has it and is not to be thrown out. */
  claim({ uuid }: Domain, place: string, force: boolean, what: string): void {
    const holder = this.#streams.get(uuid)?.get(place);
    if (holder === undefined || holder.destroyed) return;
    if (!force) {
      throw testError("OPERATION_FAILED", `Active ${what} exists for this domain`, "--force takes it over");
    }
    holder.destroy();
  }

  keep({ uuid }: Domain, place: string, stream: Duplex): ByteStream {
    const ofDomain = this.#streams.get(uuid) ?? new Map<string, Duplex>();
    this.#streams.set(uuid, ofDomain.set(place, stream));
    stream.once("close", () => {
      if (ofDomain.get(place) !== stream) return;
      ofDomain.delete(place);
      if (ofDomain.size === 0 && this.#streams.get(uuid) === ofDomain) this.#streams.delete(uuid);
    });
    return stream;
  }

  /** The guest has stopped: whoever reads from it hears the end. */
  end({ uuid }: Domain): void {
    for (const stream of this.#streams.get(uuid)?.values() ?? []) stream.end();
    this.#streams.delete(uuid);
  }
}

/** A guest without any terminal in its configuration has one that has no name. */
function terminalOf({ devices }: Config, name: string | null): string {
  const { consoles, serials, parallels } = devices;
  // the first console stands for the first serial port where it is one
  const isShared = consoles[0]?.target.type === "serial" && serials.length > 0;
  const terminals = [
    ...named("serial", serials),
    ...named("console", consoles).slice(isShared ? 1 : 0),
    ...named("parallel", parallels),
  ];
  const first = isShared ? "serial0" : "console0";
  if (name === null || (isShared && name === "console0")) return first;
  const found = terminals.find(([place, device]) => place === name || device.alias === name);
  if (found !== undefined) return found[0];
  const known = terminals.map(([place]) => place).join(", ") || "no device; leave the name out";
  throw testError("INTERNAL_ERROR", `cannot find character device ${name}`, `the domain has ${known}`);
}

/** Devices by the names that a hypervisor would give them. */
function named(kind: string, devices: readonly Chardev[]): (readonly [place: string, device: Chardev])[] {
  return devices.map((device, index) => [`${kind}${index}`, device]);
}

function channelOf({ devices }: Config, name: string | null): string {
  const channels = devices.channels.map((device, index) => [channelName(device) ?? `channel${index}`, device] as const);
  const found = channels.find(([place, device]) => name === null || place === name || device.alias === name);
  if (found !== undefined) return found[0];
  const known = channels.map(([place]) => place).join(", ") || "no channel";
  throw testError("INTERNAL_ERROR", `cannot find channel ${name ?? "<null>"}`, `the domain has ${known}`);
}

function channelName({ target }: Channel): string | undefined {
  return "name" in target ? target.name : undefined;
}
