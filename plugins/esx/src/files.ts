import { parseDatastorePath } from "./datastore-path.js";
import { datastoreNamed, listDatastores } from "./datastores.js";
import type { Server } from "./server.js";
import { esxError } from "./soap/error.js";
import { group, text } from "./soap/message.js";
import type { Value } from "./soap/reply.js";

/** A file in a datastore. */
export interface FileInfo {
  /** The server's type of it, such as `VmDiskFileInfo`. */
  readonly type: string;
  readonly name: string;
  readonly size: number;
  /** Of a disk. */
  readonly capacityKb: number | undefined;
  readonly controllerType: string | undefined;
}

/** A folder with files of it that were looked for. */
export interface FoundFolder {
  /** Without slashes at its ends; empty for the top. */
  readonly folder: string;
  readonly files: readonly FileInfo[];
}

const IMAGES =
  group(
    "query",
    group(
      "details",
      text("diskType", false) +
        text("capacityKb", true) +
        text("hardwareVersion", false) +
        text("controllerType", true) +
        text("diskExtents", false),
    ),
    "VmDiskFileQuery",
  ) +
  group("query", "", "IsoImageFileQuery") +
  group("query", "", "FloppyImageFileQuery");
const FOLDERS = group("query", "", "FolderFileQuery");
const DETAILS = group(
  "details",
  text("fileType", true) + text("fileSize", true) + text("modification", false) + text("fileOwner", false),
);

/** The images in a datastore, folder by folder. */
export async function listImages(server: Server, datastore: string): Promise<readonly FoundFolder[]> {
  const spec = IMAGES + DETAILS + text("sortFoldersFirst", true);
  const result = await search(server, "SearchDatastoreSubFolders_Task", datastore, `[${datastore}]`, spec);
  return (result?.members ?? []).map(folderOf);
}

/** An image, or with `folders` a folder; `undefined` where there is none. */
export async function findFile(server: Server, where: string, folders = false): Promise<FileInfo | undefined> {
  const { datastore, directory, path } = parseDatastorePath(where);
  const name = directory === "" ? path : path.slice(directory.length + 1);
  if (name === "") {
    const detail = `Datastore path '${where}' doesn't reference a file`;
    throw esxError("INTERNAL_ERROR", detail, "write [datastore1] folder/file.vmdk");
  }
  const spec = (folders ? FOLDERS : IMAGES) + DETAILS + text("matchPattern", name);
  const folder = directory === "" ? `[${datastore}]` : `[${datastore}] ${directory}`;
  const result = await search(server, "SearchDatastore_Task", datastore, folder, spec);
  return result === undefined ? undefined : folderOf(result).files[0];
}

/** The same, which must be there. Throws `NO_STORAGE_VOL`. */
export async function imageAt(server: Server, where: string): Promise<FileInfo> {
  const found = await findFile(server, where);
  if (found !== undefined) return found;
  const detail = `No storage volume with key or path '${where}'`;
  throw esxError("NO_STORAGE_VOL", detail, "vol-list shows the images of a pool");
}

async function search(
  server: Server,
  method: string,
  datastore: string,
  folder: string,
  spec: string,
): Promise<Value | undefined> {
  const found = datastoreNamed(await listDatastores(server.primary, ["browser"]), datastore);
  const browser = found.object.required("browser").ref;
  const body = text("datastorePath", folder) + group("searchSpec", spec);
  const end = await server.machines.perform(method, browser, body);
  if (end.ok) return end.result;
  const detail = `Could not search in datastore '${datastore}': ${end.words}`;
  throw esxError("INTERNAL_ERROR", detail, "the server's own log says more");
}

function folderOf(result: Value): FoundFolder {
  const { path } = parseDatastorePath(result.textAt("folderPath") ?? "");
  return { folder: path.replace(/\/+$/, ""), files: result.all("file").map(fileOf) };
}

function fileOf(value: Value): FileInfo {
  return {
    type: value.type ?? "FileInfo",
    name: value.textAt("path") ?? "",
    size: value.numberAt("fileSize") ?? 0,
    capacityKb: value.numberAt("capacityKb"),
    controllerType: value.textAt("controllerType"),
  };
}
