import { VirtError } from "@polyvisor/core";
import type { NetworkSource, StoragePool, StorageSource, VolumeSource } from "@polyvisor/sdk/conf";
import { internal, refuse } from "./context.js";

/** A volume that a disk names, as its pool knows it. */
export interface FoundVolume {
  readonly pool: StoragePool;
  readonly active: boolean;
  readonly type: "file" | "block" | "dir" | "ploop" | "network" | "netdir";
  readonly path: string;
}

/** Pools whose volumes have a path on this host. */
const WITH_PATHS: ReadonlySet<StoragePool["type"]> = new Set([
  "dir",
  "fs",
  "netfs",
  "logical",
  "disk",
  "scsi",
  "zfs",
  "vstorage",
]);

const FILE_KINDS = { file: "file", ploop: "file", block: "block", dir: "dir" } as const;

/** How `Runtime.volumes` knows a volume. */
export function volumeKey({ pool, volume }: VolumeSource): string {
  return JSON.stringify([pool, volume]);
}

/** Where the data of a volume really lies. Called at each start: what a pool says of it may have changed. */
export function sourceOfVolume(wish: VolumeSource, found: FoundVolume): StorageSource {
  const { mode, pool: name, volume, auth: _, type: __, ...common } = wish;
  const { active, path, pool, type } = found;
  if (!active) throw refuse(`storage pool '${name}' containing volume '${volume}' is not active`);
  if (mode !== undefined && pool.type !== "iscsi")
    throw new VirtError("XML_ERROR", "disk source mode is only valid when storage pool is of iscsi type", {
      domain: "DOMAIN",
    });
  if (WITH_PATHS.has(pool.type)) {
    if (type === "network" || type === "netdir")
      throw internal(`unexpected storage volume type '${type}' for storage pool type '${pool.type}'`);
    return { ...common, type: FILE_KINDS[type], path };
  }
  if (pool.type === "iscsi-direct") return overNetwork(common, volume, pool);
  if (pool.type !== "iscsi") throw refuse(`using '${pool.type}' pools for backing 'volume' disks isn't yet supported`);
  return mode === "direct" ? overNetwork(common, volume, pool) : { ...common, type: "block", path };
}

const ISCSI_PORT = 3260;

/** The emulator logs in itself. A volume is called after its place on the bus, `unit:0:0:3`: the last number is the LUN. */
function overNetwork(
  common: Omit<VolumeSource, "type" | "mode" | "pool" | "volume" | "auth">,
  volume: string,
  { source }: Extract<StoragePool, { type: "iscsi" | "iscsi-direct" }>,
): NetworkSource {
  const [host, second] = source.hosts;
  if (host === undefined || second !== undefined) throw refuse("Expected exactly 1 host for the storage pool");
  const parts = volume.split(":");
  if (parts.length !== 4) throw internal(`unexpected iscsi volume name '${volume}'`);
  const { auth } = source;
  return {
    ...common,
    type: "network",
    protocol: "iscsi",
    name: `${source.devices[0]?.path}/${parts[3]}`,
    hosts: [{ transport: "tcp", name: host.name, port: host.port ?? ISCSI_PORT }],
    initiatorIqn: source.initiatorIqn,
    ...(auth === undefined ? {} : { auth: { ...auth, secretType: auth.secretType ?? "iscsi" } }),
  };
}
