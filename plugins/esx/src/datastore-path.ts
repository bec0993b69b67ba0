import { esxError } from "./soap/error.js";
import { escapePercent } from "./vmx/escape.js";

/** A file of a datastore, as `[datastore] directory/file` names it. */
export interface DatastorePath {
  readonly datastore: string;
  /** Empty where the file is at the top. */
  readonly directory: string;
  /** With the directory. */
  readonly path: string;
}

/** Throws `INVALID_ARG` in libvirt's words. */
export function parseDatastorePath(text: string): DatastorePath {
  const [, datastore, path = ""] = /^\[([^\]]+)\] *(.*)$/s.exec(text) ?? [];
  if (datastore === undefined) {
    const detail = `Datastore path '${text}' doesn't have expected format '[<datastore>] <path>'`;
    throw esxError("INVALID_ARG", detail, "write [datastore1] folder/file.vmdk");
  }
  const slash = path.lastIndexOf("/");
  return { datastore, directory: slash < 0 ? "" : path.slice(0, slash), path };
}

const WINDOWS_SPECIAL = /["*<>:|?]/g;

/** A name as the server writes it in a datastore. */
export function escapeDatastoreItem(name: string): string {
  return escapeBase64(escapePercent(name.replaceAll(WINDOWS_SPECIAL, "_")));
}

const OTHER = /[^A-Za-z0-9'(),. _-]+/g;

/** What is not plain is written in base64, with a comma for the slash and without padding, between `+` and `-`. */
function escapeBase64(text: string): string {
  return text.replace(OTHER, (part, at: number) => {
    const base64 = Buffer.from(part).toString("base64").replaceAll("/", ",").replaceAll("=", "");
    return `+${base64}${at + part.length < text.length ? "-" : ""}`;
  });
}

/** Where the server gives and takes files of a datastore by HTTP. */
export function folderPath(path: string, datastore: string, datacenterPath: string): string {
  const file = path.split("/").map(encodeURIComponent).join("/");
  return `/folder/${file}?dcPath=${encodeURIComponent(datacenterPath)}&dsName=${encodeURIComponent(datastore)}`;
}
