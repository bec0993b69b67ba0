import { type Domain as DomainConfig, type Interface, mapDevices } from "@polyvisor/sdk/conf/domain";
import { connectedTo } from "../command-line/network.js";
import type { InheritedDescriptors } from "./inherited.js";
import { createTap } from "./tap.js";

/** The host's ends of a guest's bridged cards. */
export interface NetworkTaps {
  /** The configuration with the names that the devices got. */
  readonly config: DomainConfig;
  /** Their descriptors in the emulator, by the alias of the card. */
  readonly taps: ReadonlyMap<string, { readonly fds: readonly number[] }>;
}

/** Makes a tap for each bridged card; they go when the descriptors do. */
export async function openTaps(config: DomainConfig, inherited: InheritedDescriptors): Promise<NetworkTaps> {
  const names = new Map<Interface, string>();
  const taps = new Map<string, { fds: number[] }>();
  for (const nic of config.devices.interfaces) {
    const bridge = bridgeOf(nic);
    if (bridge === undefined || nic.alias === undefined) continue;
    const tap = await createTap({
      name: nic.target?.dev,
      bridge,
      mac: nic.mac?.address ?? "52:54:00:00:00:00",
      mtu: nic.mtu,
      vnetHeader: nic.model?.startsWith("virtio") ?? false,
    });
    taps.set(nic.alias, { fds: [inherited.add(tap.fd)] });
    names.set(nic, tap.name);
  }
  const named = mapDevices(config, {
    interface: (nic) => {
      const dev = names.get(nic);
      return dev === undefined ? nic : { ...nic, target: { ...nic.target, dev } };
    },
  });
  return { config: named, taps };
}

/** A network says itself what bridge it has. */
function bridgeOf(nic: Interface): string | undefined {
  const source = connectedTo(nic);
  if (source.type !== "bridge" && source.type !== "network") return undefined;
  return source.bridge === "" ? undefined : source.bridge;
}
