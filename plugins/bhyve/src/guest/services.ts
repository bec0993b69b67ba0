import type { HostServices } from "@polyvisor/core";
import { type Domain, mapDevices, type VolumeSource } from "@polyvisor/sdk/conf/domain";
import type { NetworkClient, Networks } from "@polyvisor/sdk/network-ports";
import { unsupported } from "../errors.js";

/** What other plugins of the host have for guests. They are asked for anew each time. */
export class Services implements Networks {
  readonly #host: HostServices | undefined;

  constructor(host: HostServices | undefined) {
    this.#host = host;
  }

  async withNetworks<T>(work: (networks: NetworkClient) => Promise<T>): Promise<T | undefined> {
    const networks = await this.#host?.connect("network.v1");
    if (networks === undefined) return undefined;
    try {
      return await work(networks);
    } finally {
      await networks.close();
    }
  }

  /** The configuration with the files of its volumes in their place. */
  async withVolumes(config: Domain): Promise<Domain> {
    const paths = new Map<VolumeSource, string>();
    for (const { source } of config.devices.disks) {
      if (source.type === "volume") paths.set(source, await this.#pathOf(source));
    }
    if (paths.size === 0) return config;
    return mapDevices(config, {
      disk: (disk) => {
        const path = disk.source.type === "volume" ? paths.get(disk.source) : undefined;
        return path === undefined ? disk : { ...disk, source: { type: "file", path } };
      },
    });
  }

  async #pathOf({ pool: poolName, volume }: VolumeSource): Promise<string> {
    const storage = await this.#host?.connect("storage.v1");
    if (storage === undefined)
      unsupported(`volume '${volume}' of pool '${poolName}' cannot be found: this host has no storage driver`);
    try {
      const pool = await storage.storagePoolLookupByName({ name: poolName });
      const vol = await storage.storageVolLookupByName({ pool, name: volume });
      return await storage.storageVolGetPath({ vol });
    } finally {
      await storage.close();
    }
  }
}
