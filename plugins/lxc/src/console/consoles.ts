import { VirtError } from "@polyvisor/core";
import { allDone } from "@polyvisor/sdk/all-done";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import { closeTerminal, openTerminal, type Terminal } from "./terminal.js";

/** The descriptors of one console, as the shim's keeper finds them. */
export interface KeptConsole {
  readonly guest: number;
  readonly host?: number;
}

/** The terminals of a container that is about to start. */
export interface Consoles {
  /** The same configuration with the paths of the terminals that clients open. */
  named(config: Config): Config;
  /** What becomes the container's `/dev/console`. */
  readonly first: Terminal;
  /** Paths of terminals that become `/dev/tty2` and so on. */
  readonly further: readonly string[];
  /** What the shim inherits as descriptor `from` and so on, and which of it the keeper serves. */
  inherited(from: number): { readonly descriptors: readonly number[]; readonly keepers: readonly KeptConsole[] };
  /** Closes our own descriptors: the shim has its copies. */
  close(): void;
}

/** A terminal on the container's side for each console, and one that clients open, since both ends have to stay. */
export async function openConsoles(config: Config): Promise<Consoles> {
  const { consoles } = config.devices;
  for (const { source } of consoles) {
    if (source.type === "pty") continue;
    throw new VirtError("CONFIG_UNSUPPORTED", "Only PTY console types are supported", {
      domain: "LXC",
      hint: "<console type='pty'/>",
    });
  }
  const opened: Terminal[] = [];
  const close = () => {
    for (const terminal of opened.splice(0)) closeTerminal(terminal);
  };
  const track = async (options: Parameters<typeof openTerminal>[0]) => {
    const terminal = await openTerminal(options);
    opened.push(terminal);
    return terminal;
  };
  try {
    const owner = config.idmap?.uid[0]?.target;
    const opening = consoles.flatMap((_, index) => [
      track({ raw: false, ...(index > 0 && owner !== undefined ? { owner } : {}) }),
      track({ raw: true }),
    ]);
    const terminals = opening.length > 0 ? opening : [track({ raw: false })];
    const all = await allDone(terminals);
    const guests = all.filter((_, index) => index % 2 === 0);
    const hosts = all.filter((_, index) => index % 2 === 1);
    const [first] = guests as [Terminal, ...Terminal[]];
    return {
      named: (live) => withPaths(live, hosts),
      first,
      further: guests.slice(1).map(({ path }) => path),
      inherited: (from) => inherit(guests, hosts, from),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Slaves are held open beside their masters: a terminal that nobody has open hangs up. */
function inherit(guests: readonly Terminal[], hosts: readonly Terminal[], from: number) {
  const descriptors = [...guests, ...hosts].flatMap(({ master, slave }) => [master.fd, slave.fd]);
  const keepers = guests.map((_, index) => ({
    guest: from + index * 2,
    ...(hosts[index] === undefined ? {} : { host: from + (guests.length + index) * 2 }),
  }));
  return { descriptors, keepers };
}

function withPaths(config: Config, hosts: readonly Terminal[]): Config {
  const consoles = config.devices.consoles.map((console, index) => {
    const path = hosts[index]?.path;
    return path === undefined ? console : { ...console, alias: `console${index}`, source: { ...console.source, path } };
  });
  return { ...config, devices: { ...config.devices, consoles } } as Config;
}
