import type { StorageVol } from "@polyvisor/core";
import type { StoragePool } from "@polyvisor/sdk/conf/storage-pool";
import type { StorageVolume } from "@polyvisor/sdk/conf/storage-volume";
import { Definable } from "./definable.js";
import { testError } from "./errors.js";

/** Every pool is equally large, in bytes. */
const CAPACITY = 100 * 1024 ** 3;

/** A volume of a pool: its path is mostly its key, too. */
export type PlacedVolume = StorageVolume & {
  readonly key: string;
  readonly target: StorageVolume["target"] & { readonly path: string };
};

/** A storage pool and its volumes, of which there is nothing but their definitions. */
export class TestPool extends Definable<StoragePool> {
  /** By name. */
  readonly #volumes = new Map<string, PlacedVolume>();

  get volumes(): Iterable<PlacedVolume> {
    return this.#volumes.values();
  }

  /** Bytes. */
  get usage(): { readonly capacity: number; readonly allocation: number; readonly available: number } {
    let allocation = 0;
    for (const volume of this.#volumes.values()) allocation += allocationOf(volume);
    return { capacity: CAPACITY, allocation, available: CAPACITY - allocation };
  }

  refTo({ name, key }: PlacedVolume): StorageVol {
    return { pool: this.ref.name, name, key };
  }

  volume(name: string): PlacedVolume {
    const volume = this.#volumes.get(name);
    if (volume !== undefined) return volume;
    throw testError("NO_STORAGE_VOL", `no storage vol with matching name '${name}'`, "`vol-list` shows what is there");
  }

  addVolume(wanted: StorageVolume): PlacedVolume {
    const { name } = wanted;
    if (this.#volumes.has(name)) {
      throw testError("OPERATION_FAILED", "storage vol already exists", "choose another name");
    }
    const { available } = this.usage;
    if (allocationOf(wanted) > available) {
      const detail = `Not enough free space in pool for volume '${name}'`;
      throw testError("INTERNAL_ERROR", detail, `${available} bytes are free`);
    }
    const path = `${this.#folder}/${name}`;
    const volume = { ...wanted, key: path, target: { ...wanted.target, path } };
    this.#volumes.set(name, volume);
    return volume;
  }

  /** A volume that was there before the pool: it has its own path and key, if its definition says so. */
  findVolume(found: StorageVolume): void {
    const path = found.target.path ?? `${this.#folder}/${found.name}`;
    this.#volumes.set(found.name, { ...found, key: found.key ?? path, target: { ...found.target, path } });
  }

  removeVolume(name: string): void {
    this.#volumes.delete(this.volume(name).name);
  }

  /** Where the volumes are; of storage that is not seen on the host, what the storage itself calls the pool. */
  get #folder(): string {
    const { config } = this;
    if ("target" in config) return config.target.path;
    return "name" in config.source ? config.source.name : config.name;
  }
}

/** Bytes. */
export function allocationOf({ allocation, capacity }: StorageVolume): number {
  return allocation ?? capacity;
}
