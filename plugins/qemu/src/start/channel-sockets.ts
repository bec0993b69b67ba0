import { dirname } from "node:path";
import { allDevices, type Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import { listenUnix, withSocketPath } from "@polyvisor/sdk/process";
import { systemError } from "../errors.js";
import type { InheritedDescriptors } from "./inherited.js";

/**
 * Makes the sockets of the channels whose place we chose, and returns their numbers in the emulator by the alias of the
 * channel. They listen before the emulator exists: their paths may be longer than a socket's name, and whoever sees the
 * guest run can connect. Sockets elsewhere are the emulator's own affair, since their folders may be on any file system.
 */
export async function openChannelSockets(
  config: DomainConfig,
  folder: string,
  inherited: InheritedDescriptors,
): Promise<ReadonlyMap<string, number>> {
  const numbers = new Map<string, number>();
  for (const { alias, path } of ownSockets(config, folder)) {
    try {
      numbers.set(alias, inherited.add(await withSocketPath(path, (name) => listenUnix(name))));
    } catch (error) {
      throw systemError(`cannot listen on the channel socket '${path}'`, error);
    }
  }
  return numbers;
}

function ownSockets(config: DomainConfig, folder: string): { alias: string; path: string }[] {
  return allDevices(config).flatMap((device) => {
    if (device.kind !== "channel" || device.source.type !== "unix" || device.source.mode !== "bind") return [];
    const { path } = device.source;
    if (device.alias === undefined || path === undefined || dirname(path) !== folder) return [];
    return [{ alias: device.alias, path }];
  });
}
