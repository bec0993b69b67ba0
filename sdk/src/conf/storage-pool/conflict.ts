import type { StorageAdapter, StoragePool } from "./model.js";

/** Types of pool that live on devices of the host, which no two pools may share. */
const ON_DEVICES: ReadonlySet<string> = new Set(["iscsi", "fs", "logical", "disk", "zfs"]);

/** Whether two pools would manage the same storage, as far as their configurations tell: libvirt allows only one of them. */
export function shareStorage(one: StoragePool, other: StoragePool): boolean {
  if (ON_DEVICES.has(one.type) && ON_DEVICES.has(other.type)) return shareDevice(one, other);
  if (one.type !== other.type) return false;
  switch (one.type) {
    case "dir":
      return other.type === one.type && one.target.path === other.target.path;
    case "gluster":
      return other.type === one.type && one.source.name === other.source.name && sameDirectory(one, other);
    case "netfs":
      return other.type === one.type && sameDirectory(one, other);
    case "scsi":
      return other.type === one.type && sameAdapter(one.source.adapter, other.source.adapter);
    case "sheepdog":
      return sameHost(one, other);
    case "vstorage":
      return other.type === one.type && one.source.name === other.source.name;
    // a host has one set of multipath devices
    case "mpath":
      return true;
    default:
      return false;
  }
}

function shareDevice(one: StoragePool, other: StoragePool): boolean {
  if ((one.type === "iscsi") !== (other.type === "iscsi")) return false;
  if (one.type === "iscsi" && other.type === "iscsi" && one.source.initiatorIqn !== other.source.initiatorIqn) {
    return false;
  }
  const paths = pathsOf(one);
  return pathsOf(other).some((path) => paths.includes(path));
}

function pathsOf(pool: StoragePool): readonly string[] {
  return "devices" in pool.source ? pool.source.devices.map(({ path }) => path) : [];
}

function sameDirectory(one: StoragePool, other: StoragePool): boolean {
  const dirOf = ({ source }: StoragePool) => ("dir" in source ? source.dir : undefined);
  return dirOf(one) === dirOf(other) && sameHost(one, other);
}

/** A port that is not given is any port of the host. */
function sameHost(one: StoragePool, other: StoragePool): boolean {
  const theirs = "hosts" in one.source ? one.source.hosts : [];
  const ours = "hosts" in other.source ? other.source.hosts : [];
  if (theirs.length !== 1 && ours.length !== 1) return false;
  const [mine] = ours;
  if (mine?.port && theirs[0]?.port !== mine.port) return false;
  return theirs[0]?.name === mine?.name;
}

/** Of adapters that are named in different ways only the host itself can tell whether they are the same one. */
function sameAdapter(one: StorageAdapter, other: StorageAdapter): boolean {
  if (one.type === "fc_host") {
    return other.type === "fc_host" && one.wwnn === other.wwnn && one.wwpn === other.wwpn;
  }
  if (other.type === "fc_host") return false;
  if ("name" in one) return "name" in other && hostNumber(one.name) === hostNumber(other.name);
  if ("name" in other) return false;
  const [mine, theirs] = [one.parent, other.parent];
  return (
    one.uniqueId === other.uniqueId &&
    mine.domain === theirs.domain &&
    mine.bus === theirs.bus &&
    mine.slot === theirs.slot &&
    mine.function === theirs.function
  );
}

/** `host3`, `scsi_host3` and `fc_host3` are names of one adapter. */
function hostNumber(name: string): string {
  return name.replace(/^(scsi_|fc_)?host/, "");
}
