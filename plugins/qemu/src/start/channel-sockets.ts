import { chmod } from "node:fs/promises";
import { dirname } from "node:path";
import { allDevices, type Chardev, type Device, type Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import { listenUnix, runHelper, withSocketLabel, withSocketPath } from "@polyvisor/sdk/process";
import { systemError } from "../errors.js";
import type { InheritedDescriptors } from "./inherited.js";

/** What a socket may be that the emulator makes under its umask. */
const MODE = 0o775;
/** Removes a socket that an earlier guest has left. Answers only where the folder does. */
const CLEAR = '[ ! -S "$1" ] || rm -f -- "$1"';

interface ListeningSocket {
  readonly alias: string;
  readonly path: string;
}

/**
 * Makes the sockets on which a guest's character devices listen, and returns their numbers in the emulator by the alias of the
 * device. They listen before the emulator exists, which may have no right to make any: their paths may be longer than a
 * socket's name, and whoever sees the guest run can connect. `folder` is that of the sockets whose place we chose,
 * `label` the SELinux context that they bear.
 */
export async function openChannelSockets(
  config: DomainConfig,
  folder: string,
  inherited: InheritedDescriptors,
  label: string,
): Promise<ReadonlyMap<string, number>> {
  const numbers = new Map<string, number>();
  for (const { alias, path } of allDevices(config).flatMap(socketOf)) {
    try {
      if (dirname(path) !== folder) await clear(path);
      const fd = await withSocketPath(path, async (name) => {
        const listening = withSocketLabel(label, () => listenUnix(name));
        await chmod(name, MODE);
        return listening;
      });
      numbers.set(alias, inherited.add(fd));
    } catch (error) {
      throw systemError(`cannot listen on the socket '${path}'`, error);
    }
  }
  return numbers;
}

function socketOf(device: Device): ListeningSocket[] {
  const port = portOf(device);
  if (port?.source.type !== "unix" || port.source.mode !== "bind") return [];
  const { alias, source } = port;
  return alias === undefined || source.path === undefined ? [] : [{ alias, path: source.path }];
}

/** A console may be the first serial port once more. */
function portOf(device: Device): Chardev | undefined {
  switch (device.kind) {
    case "serial":
    case "parallel":
    case "channel":
      return device;
    case "console":
      return device.target.type === "serial" ? undefined : device;
    default:
      return undefined;
  }
}

/** In a process of its own: the folder may be on any file system. */
async function clear(path: string): Promise<void> {
  const { status, stderr } = await runHelper(["/bin/sh", "-c", CLEAR, "sh", path]);
  if (status !== 0) throw new Error(stderr.trim());
}
