import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import { attribute, childElements, parseXml, type XmlElement } from "../../xml/index.js";

/** Where libvirt's library keeps what it knows of processors. */
const FOLDERS = ["/usr/share/libvirt/cpu_map", "/usr/local/share/libvirt/cpu_map"];

/** The names under which the map's index has the architectures. */
export type MapName = "x86" | "ppc64" | "arm";

/** The elements of an architecture's part of the map, in their order. */
export interface MapElements {
  readonly vendors: readonly XmlElement[];
  readonly features: readonly XmlElement[];
  readonly models: readonly XmlElement[];
}

/**
 * Reads an architecture's part of libvirt's CPU map.
 *
 * The map is libvirt's own and comes with its library, so it is looked for on this machine.
 */
export async function readMap(name: MapName, folders: readonly string[] = FOLDERS): Promise<MapElements> {
  const { folder, index } = await findIndex(folders);
  const part = childElements(index, "arch").find((arch) => attribute(arch, "name") === name);
  if (part === undefined) throw cpuError("INTERNAL_ERROR", `cannot find CPU map for ${name} architecture`);
  const files = childElements(part, "include").map((include) => attribute(include, "filename") ?? "");
  const included = await Promise.all(files.map((file) => readDocument(join(folder, file))));
  const all = (element: string) => [part, ...included].flatMap((root) => childElements(root, element));
  return { vendors: all("vendor"), features: all("feature"), models: all("model") };
}

async function findIndex(folders: readonly string[]): Promise<{ readonly folder: string; readonly index: XmlElement }> {
  for (const folder of folders) {
    const text = await readFile(join(folder, "index.xml"), "utf8").catch(() => undefined);
    if (text !== undefined) return { folder, index: parseXml(text) };
  }
  throw cpuError("CONFIG_UNSUPPORTED", "the descriptions of CPU models are not installed: package libvirt0", {
    hint: `they come with libvirt's library: apt install libvirt0 brings ${FOLDERS[0]}`,
  });
}

async function readDocument(path: string): Promise<XmlElement> {
  try {
    return parseXml(await readFile(path, "utf8"));
  } catch (error) {
    throw cpuError("INTERNAL_ERROR", `cannot read the CPU map '${path}'`, { cause: error });
  }
}

export function cpuError(
  code:
    | "INTERNAL_ERROR"
    | "CONFIG_UNSUPPORTED"
    | "OPERATION_FAILED"
    | "NO_SUPPORT"
    | "INVALID_ARG"
    | "CPU_INCOMPATIBLE",
  detail: string,
  more: { readonly hint?: string; readonly cause?: unknown } = {},
): VirtError {
  return new VirtError(code, detail, { domain: "CPU", ...more });
}
