import { esxError } from "./soap/error.js";
import { type Ref, text } from "./soap/message.js";
import type { Traversal } from "./soap/properties.js";
import type { ObjectContent } from "./soap/reply.js";
import type { Session } from "./soap/session.js";

/** Where in a server's inventory the connection's host is. */
export interface Place {
  readonly datacenter: Ref;
  /** With its folders. */
  readonly datacenterPath: string;
  readonly vmFolder: Ref;
  readonly resourcePool: Ref;
  readonly host: Ref;
}

const CHILDREN: Traversal = {
  name: "folderToChild",
  type: "Folder",
  path: "childEntity",
  next: [
    "folderToChild",
    { name: "datacenterToHostFolder", type: "Datacenter", path: "hostFolder", next: ["folderToChild"] },
    { name: "computeToHost", type: "ComputeResource", path: "host" },
  ],
};

/** What a server has: folders, datacenters, what computes there, hosts. Read in one call. */
class Inventory {
  readonly #objects: readonly ObjectContent[];
  readonly #root: Ref;

  static async read(session: Session): Promise<Inventory> {
    const { rootFolder } = session.service;
    const objects = await session.retrieve({
      properties: {
        Folder: ["name", "parent"],
        Datacenter: ["name", "parent", "hostFolder", "vmFolder"],
        ComputeResource: ["name", "parent", "resourcePool"],
        HostSystem: ["name", "parent"],
      },
      from: [rootFolder],
      traversals: [CHILDREN],
    });
    return new Inventory(objects, rootFolder);
  }

  constructor(objects: readonly ObjectContent[], root: Ref) {
    this.#objects = objects;
    this.#root = root;
  }

  get root(): Ref {
    return this.#root;
  }

  /** The first object of a kind, or that of a name, right below a parent. */
  find(kind: "Folder" | "Datacenter" | "ComputeResource" | "HostSystem", parent: Ref, name?: string) {
    return this.#objects.find((each) => {
      // a cluster is something that computes, too
      const isKind = each.ref.type === kind || (kind === "ComputeResource" && each.ref.type.endsWith(kind));
      const isHere = each.get("parent")?.ref.value === parent.value;
      return isKind && isHere && (name === undefined || each.text("name") === name);
    });
  }

  object(reference: Ref | undefined): ObjectContent | undefined {
    return this.#objects.find((each) => each.ref.value === reference?.value);
  }
}

/** The one host of a server that is a host. */
export async function placeOfHost(session: Session): Promise<Place> {
  const inventory = await Inventory.read(session);
  const datacenter = required(inventory.find("Datacenter", inventory.root), "Datacenter");
  const compute = required(inventory.find("ComputeResource", datacenter.required("hostFolder").ref), "ComputeResource");
  const host = required(inventory.find("HostSystem", compute.ref), "HostSystem");
  return placeOf(datacenter, datacenter.text("name") ?? "", compute, host.ref);
}

/** The host of a vCenter at a path. Throws `INVALID_ARG` and `INTERNAL_ERROR` in libvirt's words. */
export async function placeOfPath(session: Session, path: string): Promise<Place> {
  const items = path.split("/").filter((item) => item !== "");
  const hint = "the path is [folder/...]datacenter/[folder/...]computeresource[/hostsystem]";
  const invalid = (detail: string) => esxError("INVALID_ARG", detail, hint);
  const missing = (detail: string) => esxError("INTERNAL_ERROR", detail, hint);
  if (items.length === 0) throw invalid(`Path '${path}' does not specify a datacenter`);
  const inventory = await Inventory.read(session);
  const first = descend(inventory, "Datacenter", inventory.root, items);
  if (first === undefined) throw missing(`Could not find datacenter specified in '${path}'`);
  const { found: datacenter, path: datacenterPath, rest } = first;
  if (rest.length === 0) throw invalid(`Path '${path}' does not specify a compute resource`);
  const second = descend(inventory, "ComputeResource", datacenter.required("hostFolder").ref, rest);
  if (second === undefined) throw missing(`Could not find compute resource specified in '${path}'`);
  const { found: compute, name, rest: further } = second;
  const isCluster = compute.ref.type === "ClusterComputeResource";
  if (isCluster && further.length === 0) throw invalid(`Path '${path}' does not specify a host system`);
  if (further.length > (isCluster ? 1 : 0)) throw invalid(`Path '${path}' ends with an excess item`);
  const host = inventory.find("HostSystem", compute.ref, further[0] ?? name);
  if (host === undefined) throw missing(`Could not find host system specified in '${path}'`);
  return placeOf(datacenter, datacenterPath, compute, host.ref);
}

/** The host of a vCenter that has an address. */
export async function placeOfAddress(session: Session, address: string): Promise<Place> {
  const body = text("ip", address) + text("vmSearch", false);
  const [found] = await session.call("FindByIp", session.service.searchIndex, body);
  const inventory = await Inventory.read(session);
  const host = required(inventory.object(found?.ref), "HostSystem");
  const compute = required(inventory.object(host.get("parent")?.ref), "ComputeResource");
  const names: string[] = [];
  let above = inventory.object(compute.get("parent")?.ref);
  while (above !== undefined && above.ref.type !== "Datacenter") above = inventory.object(above.get("parent")?.ref);
  const datacenter = required(above, "Datacenter");
  for (let each = above; each !== undefined && each.ref.value !== inventory.root.value; ) {
    names.unshift(each.text("name") ?? "");
    each = inventory.object(each.get("parent")?.ref);
  }
  return placeOf(datacenter, names.join("/"), compute, host.ref);
}

/** Goes down by folders until something of the kind is found. */
function descend(inventory: Inventory, kind: "Datacenter" | "ComputeResource", from: Ref, items: readonly string[]) {
  let parent = from;
  for (const [index, name] of items.entries()) {
    const folder = inventory.find("Folder", parent, name);
    if (folder !== undefined) {
      parent = folder.ref;
      continue;
    }
    const found = inventory.find(kind, parent, name);
    if (found === undefined) return undefined;
    return { found, name, path: items.slice(0, index + 1).join("/"), rest: items.slice(index + 1) };
  }
  return undefined;
}

function placeOf(datacenter: ObjectContent, datacenterPath: string, compute: ObjectContent, host: Ref): Place {
  const resourcePool = compute.get("resourcePool")?.ref;
  if (resourcePool === undefined) throw esxError("INTERNAL_ERROR", "Could not retrieve resource pool");
  return {
    datacenter: datacenter.ref,
    datacenterPath,
    vmFolder: datacenter.required("vmFolder").ref,
    resourcePool,
    host,
  };
}

function required(found: ObjectContent | undefined, type: string): ObjectContent {
  if (found !== undefined) return found;
  const detail = `Could not lookup '${type}' from root folder`;
  throw esxError("INTERNAL_ERROR", detail, "the user may lack the right to see it");
}
