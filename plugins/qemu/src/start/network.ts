import { type Domain as DomainConfig, type Interface, mapDevices } from "@polyvisor/sdk/conf";
import { closeDescriptor } from "@polyvisor/sdk/process";
import { createTap } from "./tap.js";

/** The host's ends of a guest's bridged cards, open until the emulator has them. */
export interface NetworkTaps {
  /** The configuration with the names that the devices got. */
  readonly config: DomainConfig;
  /** In the order in which the emulator inherits them. */
  readonly fds: readonly number[];
  /** The alias of the card for each descriptor. */
  readonly aliases: readonly string[];
}

/** Makes a tap for each bridged card. Where one fails, those that were made are gone again. */
export async function openTaps(config: DomainConfig): Promise<NetworkTaps> {
  const names = new Map<Interface, string>();
  const fds: number[] = [];
  const aliases: string[] = [];
  try {
    for (const nic of config.devices.interfaces) {
      if (nic.source.type !== "bridge" || nic.alias === undefined) continue;
      const tap = await createTap({
        name: nic.target?.dev,
        bridge: nic.source.bridge,
        mac: nic.mac?.address ?? "52:54:00:00:00:00",
        mtu: nic.mtu,
        vnetHeader: nic.model?.startsWith("virtio") ?? false,
      });
      fds.push(tap.fd);
      aliases.push(nic.alias);
      names.set(nic, tap.name);
    }
  } catch (error) {
    for (const fd of fds) closeDescriptor(fd);
    throw error;
  }
  const named = mapDevices(config, {
    interface: (nic) => {
      const dev = names.get(nic);
      return dev === undefined ? nic : { ...nic, target: { ...nic.target, dev } };
    },
  });
  return { config: named, fds, aliases };
}
