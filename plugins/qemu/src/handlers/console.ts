import { constants, open as openCallback } from "node:fs";
import { promisify } from "node:util";
import { type ByteStream, CONSOLE_FLAG, type Domain, type DomainLifecycleHandlers } from "@polyvisor/core";
import type { Chardev, Domain as DomainConfig } from "@polyvisor/sdk/conf";
import { streamOnDescriptor } from "@polyvisor/sdk/process";
import { checkFlags, qemuError, systemError } from "../errors.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";

const openFile = promisify(openCallback);

/** Streams to a guest's terminals. */
export function consoleHandlers(hypervisor: Hypervisor): DomainLifecycleHandlers {
  return { domainOpenConsole: ({ dom, devName, flags }) => openConsole(hypervisor, dom, devName, flags) };
}

/** One stream at a time for each device. With `FORCE` the one that there is ends; `SAFE` asks for what is always so here. */
async function openConsole(
  hypervisor: Hypervisor,
  dom: Domain,
  devName: string | null,
  flags: number,
): Promise<ByteStream> {
  checkFlags(flags, CONSOLE_FLAG.SAFE | CONSOLE_FLAG.FORCE, "qemuDomainOpenConsole");
  const guest = hypervisor.domains.find(dom).active();
  const device = findDevice(guest.config, devName);
  if (device === undefined) throw qemuError("INTERNAL_ERROR", `cannot find character device ${devName ?? "<null>"}`);
  if (device.source.type !== "pty" || device.source.path === undefined) {
    const name = devName ?? device.alias ?? "<null>";
    throw qemuError("INTERNAL_ERROR", `character device ${name} is not using a PTY`, {
      hint: "give the domain <serial type='pty'/>",
    });
  }
  const { path } = device.source;
  const open = guest.consoles.get(path);
  if (open?.destroyed === false && (flags & CONSOLE_FLAG.FORCE) === 0) {
    throw qemuError("OPERATION_FAILED", "Active console session exists for this domain", {
      hint: "--force takes it over",
    });
  }
  open?.destroy();
  const stream = await openTerminal(path);
  return keep(guest, path, stream);
}

function keep(guest: Guest, path: string, stream: ByteStream): ByteStream {
  guest.consoles.set(path, stream);
  stream.once("close", () => {
    if (guest.consoles.get(path) === stream) guest.consoles.delete(path);
  });
  // The other end of a terminal hangs up with an error: for a reader it is an end like any other.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EIO") stream.push(null);
  });
  return stream;
}

function findDevice({ devices }: DomainConfig, name: string | null): Chardev | undefined {
  if (name === null) return devices.consoles[0] ?? devices.serials[0];
  return [...devices.consoles, ...devices.serials, ...devices.parallels].find((device) => device.alias === name);
}

/** Without O_NOCTTY the terminal would become the daemon's own. */
async function openTerminal(path: string): Promise<ByteStream> {
  try {
    return streamOnDescriptor(await openFile(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
  } catch (error) {
    throw systemError(`unable to open tty ${path}`, error);
  }
}
