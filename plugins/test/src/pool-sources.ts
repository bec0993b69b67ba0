import { VirtError } from "@polyvisor/core";
import {
  formatStoragePoolSources,
  parseStoragePoolSource,
  STORAGE_POOL_TYPES,
  type StoragePoolSource,
  type StoragePoolType,
} from "@polyvisor/sdk/conf/storage-pool";
import { testError } from "./errors.js";

/** What a search for the sources of pools finds on the made-up host; `spec` is a document that says where to look. */
export function poolSources(type: string, spec: string | undefined): string {
  // libvirt takes the type that it counts as number 0 for none at all
  if (type === "dir") throw testError("INTERNAL_ERROR", `unknown storage pool type ${type}`, HINT);
  const known = isPoolType(type);
  if (!known && spec !== undefined) {
    throw new VirtError("INTERNAL_ERROR", "missing backend for pool type -1", { domain: "STORAGE", hint: HINT });
  }
  const source = known && spec !== undefined ? parseStoragePoolSource(spec, type) : undefined;
  if (type === "logical") return formatStoragePoolSources(VOLUME_GROUPS);
  if (type !== "netfs") {
    throw testError("NO_SUPPORT", `pool type '${type}' does not support source discovery`, HINT);
  }
  const host = source?.hosts[0]?.name;
  if (host === undefined) {
    throw testError("INVALID_ARG", "hostname must be specified for netfs sources", "write <host name='...'/>");
  }
  return formatStoragePoolSources([{ hosts: [{ name: host }], dir: "/testshare", format: "nfs" }]);
}

const HINT = "`logical` and `netfs` can be searched for";

const VOLUME_GROUPS: readonly StoragePoolSource[] = [1, 2].map((number) => ({
  devices: [{ path: `/dev/sda${19 + number}` }],
  name: `testvg${number}`,
  format: "lvm2",
}));

function isPoolType(type: string): type is StoragePoolType {
  return (STORAGE_POOL_TYPES as readonly string[]).includes(type);
}
