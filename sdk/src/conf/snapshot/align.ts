import { VirtError } from "@polyvisor/core";
import type { Disk, Domain } from "../domain/model/index.js";
import { matchDisks, misfit } from "../moment/align.js";
import { isEmptySource, sourcePath } from "../moment/disks.js";
import type { Snapshot, SnapshotDisk, SnapshotLocation } from "./model.js";

export interface SnapshotAlignOptions {
  /** Where the state of a disk goes that neither the snapshot nor the domain speaks of. */
  readonly location: SnapshotLocation;
  /** Internal snapshots take all disks or none: for hypervisors that cannot choose. */
  readonly uniformInternal: boolean;
  /** The domain's configuration, where the snapshot has none of its own. */
  readonly domain?: Domain | undefined;
  /**
   * Whether a path is a regular file beside which a new image can be made. Whoever calls has looked at the paths of
   * `pathsToName` before, in a helper process; without an answer no name is made up.
   */
  readonly isRegularFile?: (path: string) => boolean;
}

const ERRORS = "DOMAIN_SNAPSHOT";

/**
 * The snapshot with one entry for each disk of its domain, in the domain's order, with nothing left open.
 *
 * Throws where a request names no disk of the domain, names one twice, or asks for what does not go together.
 */
export function alignSnapshotDisks(snapshot: Snapshot, options: SnapshotAlignOptions): Snapshot {
  const domain = domainOf(snapshot, options);
  const { disks } = domain.devices;
  if (snapshot.disks.length > disks.length) {
    const hint = `The domain has ${disks.length}.`;
    throw misfit(ERRORS, "too many disk snapshot requests for domain", hint);
  }
  if (disks.length === 0) return snapshot;
  const requests = matchDisks(snapshot.disks, domain, ERRORS, (request, disk) => complete(request, disk, options));
  const aligned = disks.map((disk) => requests.get(disk.target.dev) ?? unasked(disk, options));
  return { ...snapshot, disks: nameImages(snapshot.name, aligned, disks, options) };
}

function domainOf(snapshot: Snapshot, options: Pick<SnapshotAlignOptions, "domain">): Domain {
  const domain = snapshot.domain ?? options.domain;
  if (domain === undefined) throw new VirtError("INTERNAL_ERROR", "missing domain in snapshot", { domain: ERRORS });
  return domain;
}

function complete(request: SnapshotDisk, disk: Disk, options: SnapshotAlignOptions): SnapshotDisk {
  const uniform = options.uniformInternal && options.location === "internal";
  const location = request.location ?? chosen(disk, uniform, options);
  const leftOut = location === "no" && disk.snapshot === "no";
  if (uniform && request.location !== undefined && location !== options.location && !leftOut) {
    const hint = "All disks take part in an internal snapshot.";
    throw misfit(ERRORS, `disk '${request.name}' must use snapshot mode '${options.location}'`, hint);
  }
  const path = sourcePath(request.source);
  if (path !== undefined && location !== "external") {
    const words = `file '${path}' for disk '${request.name}' requires use of external snapshot mode`;
    throw misfit(ERRORS, words, "Write snapshot='external', or leave <source> out.");
  }
  return { ...request, location };
}

function chosen(disk: Disk, uniform: boolean, options: SnapshotAlignOptions): SnapshotLocation {
  if (disk.snapshot === undefined || (uniform && disk.snapshot !== "no")) return options.location;
  return disk.snapshot;
}

function unasked(disk: Disk, options: SnapshotAlignOptions): SnapshotDisk {
  const location = isEmptySource(disk.source) ? "no" : (disk.snapshot ?? options.location);
  return { name: disk.target.dev, location, source: { type: "file" } };
}

/** Paths whose images need a new one beside them: what `isRegularFile` will be asked about. */
export function pathsToName(snapshot: Snapshot, options: SnapshotAlignOptions): readonly string[] {
  const paths: string[] = [];
  const note = (path: string): boolean => {
    paths.push(path);
    return true;
  };
  alignSnapshotDisks(snapshot, { ...options, isRegularFile: note });
  return paths;
}

/** Images without a path get the old image's name with the snapshot's as its ending. */
function nameImages(
  name: string,
  aligned: readonly SnapshotDisk[],
  disks: readonly Disk[],
  options: SnapshotAlignOptions,
): readonly SnapshotDisk[] {
  const owners = new Map<string, string>();
  return aligned.map((disk, at) => {
    const old = disks[at];
    const named = old === undefined || !lacksPath(disk) ? disk : nameImage(name, disk, old, options);
    const path = sourcePath(named.source);
    const owner = path === undefined ? undefined : owners.get(path);
    if (owner !== undefined && named !== disk) {
      const words = `cannot generate external snapshot name for disk '${disk.name}': collision with disk '${owner}'`;
      throw misfit(ERRORS, words, "Name the new image: <source file='...'/>.");
    }
    if (path !== undefined && owner === undefined) owners.set(path, disk.name);
    return named;
  });
}

function lacksPath(disk: SnapshotDisk): boolean {
  return disk.location === "external" && sourcePath(disk.source) === undefined;
}

function nameImage(name: string, disk: SnapshotDisk, old: Disk, options: SnapshotAlignOptions): SnapshotDisk {
  const hint = "Name the new image: <source file='...'/>.";
  const { source } = disk;
  if (source.type !== "file") {
    const words = `cannot generate external snapshot name for disk '${disk.name}' on a '${source.type}' device`;
    throw misfit(ERRORS, words, hint);
  }
  const path = sourcePath(old.source);
  if (path === undefined) {
    throw misfit(ERRORS, `cannot generate external snapshot name for disk '${disk.name}' without source`, hint);
  }
  if (options.isRegularFile?.(path) !== true) {
    const words = `source for disk '${disk.name}' is not a regular file; refusing to generate external snapshot name`;
    throw misfit(ERRORS, words, hint);
  }
  return { ...disk, source: { ...source, path: `${path.replace(/\.[^./]*$/, "")}.${name}` } };
}
