import { parseDatastorePath } from "./datastore-path.js";
import type { Site } from "./server.js";
import { esxError } from "./soap/error.js";
import type { Traversal } from "./soap/properties.js";
import type { ObjectContent } from "./soap/reply.js";
import type { VmxReading } from "./vmx/context.js";

const HOST_TO_DATASTORES: Traversal = { name: "hostSystemToDatastore", type: "HostSystem", path: "datastore" };

/** A datastore of the connection's host. */
export interface Datastore {
  readonly name: string;
  /** Where the host has it mounted; `undefined` where it has not. */
  readonly mount: string | undefined;
  readonly object: ObjectContent;
}

/** All datastores of the host with properties of theirs, in one call. */
export async function listDatastores(site: Site, paths: readonly string[] = []): Promise<readonly Datastore[]> {
  const { session, place } = site;
  const found = await session.retrieve({
    properties: { Datastore: ["summary.name", "host", ...paths] },
    from: [place.host],
    skipFrom: true,
    traversals: [HOST_TO_DATASTORES],
  });
  return found.map((object) => {
    const mounts = object.get("host")?.members ?? [];
    const here = mounts.find((mount) => mount.at("key")?.ref.value === place.host.value);
    return { name: object.required("summary.name").text, mount: here?.textAt("mountInfo", "path"), object };
  });
}

/** Throws `INTERNAL_ERROR` in libvirt's words. */
export function datastoreNamed(datastores: readonly Datastore[], name: string): Datastore {
  const found = datastores.find((each) => each.name === name);
  if (found !== undefined) return found;
  const detail = `Could not find datastore with name '${name}'`;
  throw esxError("INTERNAL_ERROR", detail, "pool-list shows the host's datastores");
}

export function mountOf({ mount }: Datastore): string {
  if (mount !== undefined) return mount;
  const detail = "Could not lookup datastore host mount";
  throw esxError("INTERNAL_ERROR", detail, "the datastore is not mounted on this host");
}

/** How files that a VMX file names are called in documents: plain names are in the folder of the file itself. */
export function fileNames(datastores: readonly Datastore[], folder: string): VmxReading["fileName"] {
  return (name, allowMissing) => {
    if (!/[/\\]/.test(name)) return `${folder}/${name}`;
    for (const datastore of datastores) {
      const mount = mountOf(datastore);
      if (!name.startsWith(mount)) continue;
      return `[${datastore.name}] ${name
        .slice(mount.length)
        .replace(/^[/\\]+/, "")
        .replaceAll("\\", "/")}`;
    }
    if (name.startsWith("/vmfs/volumes/")) return byVolume(datastores, name, allowMissing);
    if (name.startsWith("/")) return name;
    throw cannotHandle(name);
  };
}

function byVolume(datastores: readonly Datastore[], name: string, allowMissing: boolean): string | undefined {
  const [, volume, path] = /^\/vmfs\/volumes\/+([^/]+)\/(.+)$/s.exec(name) ?? [];
  if (volume === undefined || path === undefined) {
    const detail = `File name '${name}' doesn't have expected format '/vmfs/volumes/<datastore>/<path>'`;
    throw esxError("INTERNAL_ERROR", detail, "look at the machine's VMX file");
  }
  if (datastores.some((each) => each.name === volume)) return `[${volume}] ${path}`;
  if (allowMissing) return undefined;
  const detail = `File name '${name}' refers to non-existing datastore '${volume}'`;
  throw esxError("INTERNAL_ERROR", detail, "pool-list shows the host's datastores");
}

/** How files that documents name are called in VMX files. */
export function mountedName(datastores: readonly Datastore[], source: string): string {
  if (source.startsWith("/")) return source;
  if (!source.startsWith("[")) throw cannotHandle(source);
  const { datastore, path } = parseDatastorePath(source);
  const mount = mountOf(datastoreNamed(datastores, datastore));
  const separator = mount.includes("\\") ? "\\" : "/";
  const trimmed = mount.replace(separator === "/" ? /\/+$/ : /\\+$/, "");
  return trimmed + separator + (separator === "/" ? path : path.replaceAll("/", separator));
}

function cannotHandle(name: string): Error {
  return esxError("INTERNAL_ERROR", `Could not handle file name '${name}'`, "write [datastore1] folder/file.vmdk");
}
