import type { Disk, Domain, StorageSource } from "../domain/model/index.js";

/** The path or name of a source, where it has one. */
export function sourcePath(source: StorageSource): string | undefined {
  switch (source.type) {
    case "file":
    case "block":
    case "dir":
      return source.path;
    case "network":
      return source.name;
    default:
      return undefined;
  }
}

/** Whether a drive holds no medium. */
export function isEmptySource(source: StorageSource): boolean {
  return (source.type === "file" || source.type === "block" || source.type === "dir") && source.path === undefined;
}

/** A domain's disk by its target, or by the path of its source where only one disk has that path. */
export function findDisk(domain: Domain, name: string): Disk | undefined {
  const { disks } = domain.devices;
  if (!name.startsWith("/")) return disks.find((disk) => disk.target.dev === name);
  const found = disks.filter((disk) => sourcePath(disk.source) === name);
  return found.length === 1 ? found[0] : undefined;
}
