import { type Domain as DomainConfig, mapDevices } from "@polyvisor/sdk/conf/domain";
import { sourcePath } from "@polyvisor/sdk/conf/moment";
import type { SnapshotDisk } from "@polyvisor/sdk/conf/snapshot";
import { chainOf, kindsOf, qemuImg, removeFiles, withChain } from "../blockjobs/index.js";

/** The definition of a domain that is off, with new images upon those of its disks. */
export async function snapshotOff(
  definition: DomainConfig,
  requests: readonly SnapshotDisk[],
  reuse: boolean,
): Promise<{ readonly definition: DomainConfig; undo(): Promise<void> }> {
  const wanted = requests.filter(({ location }) => location === "external");
  const paths = wanted.map(({ source }) => sourcePath(source) ?? "");
  const kinds = await kindsOf(paths);
  const made: string[] = [];
  const undo = () => removeFiles(made);
  try {
    for (const { name, source, format = "qcow2" } of reuse ? [] : wanted) {
      const disk = definition.devices.disks.find(({ target }) => target.dev === name);
      const below = disk && sourcePath(disk.source);
      const path = sourcePath(source) ?? "";
      if (disk === undefined || below === undefined) continue;
      if (kinds.get(path) === "none") made.push(path);
      const options = `backing_fmt=${disk.driver?.type ?? "raw"},backing_file=${below.replaceAll(",", ",,")}`;
      await qemuImg(["create", "-f", format, "-o", options, path], [path, below]);
    }
  } catch (error) {
    await undo().catch(() => {});
    throw error;
  }
  return { definition: withImages(definition, wanted, reuse), undo };
}

/** What a definition said of images below stays below, where we have made the new image. */
function withImages(definition: DomainConfig, wanted: readonly SnapshotDisk[], reuse: boolean): DomainConfig {
  const byName = new Map(wanted.map((request) => [request.name, request]));
  return mapDevices(definition, {
    disk(disk) {
      const request = byName.get(disk.target.dev);
      if (request === undefined) return disk;
      const { layers, ends } = chainOf(disk);
      const keeps = !reuse && layers.length > 1;
      const top = { source: request.source, format: request.format ?? ("qcow2" as const) };
      return withChain(disk, { layers: [top, ...(keeps ? layers : [])], ends: keeps && ends });
    },
  });
}

/** Takes, or throws away, a snapshot inside of each of the images. */
export async function snapshotInside(
  act: "-c" | "-d",
  name: string,
  definition: DomainConfig,
  requests: readonly SnapshotDisk[],
): Promise<void> {
  const inside = requests.filter(({ location }) => location === "internal").map((request) => request.name);
  const paths = definition.devices.disks.flatMap((disk) =>
    inside.includes(disk.target.dev) ? (sourcePath(disk.source) ?? []) : [],
  );
  const done: string[] = [];
  for (const path of paths) {
    try {
      await qemuImg(["snapshot", act, name, path], [path]);
      done.push(path);
    } catch (error) {
      if (act === "-d") continue;
      for (const each of done) await qemuImg(["snapshot", "-d", name, each], [each]).catch(() => {});
      throw error;
    }
  }
}
