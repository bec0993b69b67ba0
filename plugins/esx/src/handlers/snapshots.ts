import { checkFlags, type Domain, type DomainSnapshot, type HypervisorHandlers } from "@polyvisor/core";
import { formatSnapshot, parseSnapshot, type SnapshotState } from "@polyvisor/sdk/conf/snapshot";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import { type Ref, text } from "../soap/message.js";
import type { Value } from "../soap/reply.js";

const CREATE = { DISK_ONLY: 16, QUIESCE: 64, NO_METADATA: 4, VALIDATE: 512 } as const;
const LIST = { ROOTS_OR_DESCENDANTS: 1, METADATA: 2, LEAVES: 4 } as const;
const DELETE = { CHILDREN: 1, METADATA_ONLY: 2 } as const;

/** A snapshot in the tree of its machine's. */
interface Node {
  readonly ref: Ref;
  readonly name: string;
  readonly description: string | undefined;
  /** Seconds since 1970. */
  readonly created: number;
  readonly state: SnapshotState;
  readonly parent: Node | undefined;
  readonly children: Node[];
}

const STATES: Readonly<Record<string, SnapshotState>> = {
  poweredOn: "running",
  suspended: "paused",
  poweredOff: "shutoff",
};

interface Tree {
  readonly roots: readonly Node[];
  readonly current: Node | undefined;
}

/** The server keeps snapshots, and all that is to be known of them: there is no metadata of ours. */
export function snapshotHandlers(server: Server): HypervisorHandlers {
  const trees = new Trees(server);
  return { ...lookHandlers(trees), ...changeHandlers(server, trees) };
}

class Trees {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  async of({ uuid }: Domain): Promise<Tree> {
    const found = await this.#server.machines.properties(uuid, [
      "snapshot.currentSnapshot",
      "snapshot.rootSnapshotList",
    ]);
    const roots = readNodes(found.get("snapshot.rootSnapshotList")?.members ?? [], undefined);
    const current = found.get("snapshot.currentSnapshot")?.ref.value;
    return { roots, current: all(roots).find(({ ref }) => ref.value === current) };
  }

  /** Throws `NO_DOMAIN_SNAPSHOT`. */
  async find({ dom, name }: DomainSnapshot): Promise<{ tree: Tree; node: Node }> {
    const tree = await this.of(dom);
    const node = all(tree.roots).find((each) => each.name === name);
    if (node !== undefined) return { tree, node };
    const detail = `Could not find snapshot with name '${name}'`;
    throw esxError("NO_DOMAIN_SNAPSHOT", detail, "snapshot-list shows which there are");
  }
}

function readNodes(values: readonly Value[], parent: Node | undefined): Node[] {
  return values.map((value) => {
    const node: Node = {
      ref: value.at("snapshot")?.ref ?? { type: "", value: "" },
      name: value.textAt("name") ?? "",
      description: value.textAt("description"),
      created: Math.floor(Date.parse(value.textAt("createTime") ?? "") / 1000) || 0,
      state: STATES[value.textAt("state") ?? ""] ?? "shutoff",
      parent,
      children: [],
    };
    node.children.push(...readNodes(value.all("childSnapshotList"), node));
    return node;
  });
}

/** Each before those that follow it. */
function all(nodes: readonly Node[]): readonly Node[] {
  return nodes.flatMap((node) => [node, ...all(node.children)]);
}

function chosen(nodes: readonly Node[], recurse: boolean, flags: number): readonly Node[] {
  // what libvirt keeps of snapshots beside the server's there is none
  if ((flags & LIST.METADATA) !== 0) return [];
  const found = recurse ? all(nodes) : nodes;
  return (flags & LIST.LEAVES) === 0 ? found : found.filter(({ children }) => children.length === 0);
}

function lookHandlers(trees: Trees): HypervisorHandlers {
  const LIST_FLAGS = LIST.ROOTS_OR_DESCENDANTS | LIST.METADATA | LIST.LEAVES;

  async function ofDomain(dom: Domain, flags: number, caller: string): Promise<readonly Node[]> {
    checkFlags(flags, LIST_FLAGS, caller, "ESX");
    return chosen((await trees.of(dom)).roots, (flags & LIST.ROOTS_OR_DESCENDANTS) === 0, flags);
  }

  async function ofSnapshot(snap: DomainSnapshot, flags: number, caller: string): Promise<readonly Node[]> {
    checkFlags(flags, LIST_FLAGS, caller, "ESX");
    const { node } = await trees.find(snap);
    return chosen(node.children, (flags & LIST.ROOTS_OR_DESCENDANTS) !== 0, flags);
  }

  return {
    domainSnapshotNum: async ({ dom, flags }) => (await ofDomain(dom, flags, "esxDomainSnapshotNum")).length,
    domainSnapshotListNames: async ({ dom, flags }) =>
      (await ofDomain(dom, flags, "esxDomainSnapshotListNames")).map(({ name }) => name),
    domainSnapshotNumChildren: async ({ snap, flags }) =>
      (await ofSnapshot(snap, flags, "esxDomainSnapshotNumChildren")).length,
    domainSnapshotListChildrenNames: async ({ snap, flags }) =>
      (await ofSnapshot(snap, flags, "esxDomainSnapshotListChildrenNames")).map(({ name }) => name),
    async domainSnapshotLookupByName({ dom, name, flags }) {
      checkFlags(flags, 0, "esxDomainSnapshotLookupByName", "ESX");
      await trees.find({ dom, name });
      return { dom, name };
    },
    async domainHasCurrentSnapshot({ dom, flags }) {
      checkFlags(flags, 0, "esxDomainHasCurrentSnapshot", "ESX");
      return (await trees.of(dom)).current === undefined ? 0 : 1;
    },
    async domainSnapshotCurrent({ dom, flags }) {
      checkFlags(flags, 0, "esxDomainSnapshotCurrent", "ESX");
      const { current } = await trees.of(dom);
      if (current !== undefined) return { dom, name: current.name };
      throw esxError("NO_DOMAIN_SNAPSHOT", "Domain has no current snapshot", "snapshot-create makes one");
    },
    async domainSnapshotGetParent({ snap, flags }) {
      checkFlags(flags, 0, "esxDomainSnapshotGetParent", "ESX");
      const { parent } = (await trees.find(snap)).node;
      if (parent !== undefined) return { dom: snap.dom, name: parent.name };
      throw esxError("NO_DOMAIN_SNAPSHOT", `snapshot '${snap.name}' does not have a parent`, "it is the first");
    },
    async domainSnapshotIsCurrent({ snap, flags }) {
      checkFlags(flags, 0, "esxDomainSnapshotIsCurrent", "ESX");
      const { tree } = await trees.find(snap);
      return tree.current?.name === snap.name ? 1 : 0;
    },
    async domainSnapshotHasMetadata({ snap, flags }) {
      checkFlags(flags, 0, "esxDomainSnapshotHasMetadata", "ESX");
      await trees.find(snap);
      return 0;
    },
    async domainSnapshotGetXMLDesc({ snap, flags }) {
      checkFlags(flags, 0, "esxDomainSnapshotGetXMLDesc", "ESX");
      const { node } = await trees.find(snap);
      const { name, description, parent, created, state } = node;
      const snapshot = { name, description, parent: parent?.name, creationTime: created, state, disks: [] };
      return formatSnapshot(snapshot, { domainUuid: snap.dom.uuid });
    },
  };
}

function changeHandlers({ machines }: Server, trees: Trees): HypervisorHandlers {
  return {
    async domainSnapshotCreateXML({ dom, xmlDesc, flags }) {
      const known = CREATE.DISK_ONLY | CREATE.QUIESCE | CREATE.NO_METADATA | CREATE.VALIDATE;
      checkFlags(flags, known, "esxDomainSnapshotCreateXML", "ESX");
      if ((flags & CREATE.VALIDATE) !== 0) {
        await (await import("@polyvisor/sdk/schema")).parseValidXml(xmlDesc, "snapshot");
      }
      const { name, description, disks } = parseSnapshot(xmlDesc);
      if (disks.length > 0) {
        throw esxError("CONFIG_UNSUPPORTED", "disk snapshots not supported yet", "leave <disks> out");
      }
      const machine = await machines.prepare(dom.uuid);
      if (all((await trees.of(dom)).roots).some((each) => each.name === name)) {
        throw esxError("OPERATION_INVALID", `Snapshot '${name}' already exists`, "choose another name");
      }
      const body =
        text("name", name) +
        text("description", description) +
        text("memory", (flags & CREATE.DISK_ONLY) === 0) +
        text("quiesce", (flags & CREATE.QUIESCE) !== 0);
      const end = await machines.perform("CreateSnapshot_Task", machine.ref, body, machine.ref);
      if (!end.ok) throw failed(`Could not create snapshot: ${end.words}`);
      return { dom, name };
    },
    async domainRevertToSnapshot({ snap, flags }) {
      checkFlags(flags, 0, "esxDomainRevertToSnapshot", "ESX");
      const { node } = await trees.find(snap);
      const end = await machines.perform("RevertToSnapshot_Task", node.ref, "");
      if (!end.ok) throw failed(`Could not revert to snapshot '${snap.name}': ${end.words}`);
    },
    async domainSnapshotDelete({ snap, flags }) {
      checkFlags(flags, DELETE.CHILDREN | DELETE.METADATA_ONLY, "esxDomainSnapshotDelete", "ESX");
      const { node } = await trees.find(snap);
      if ((flags & DELETE.METADATA_ONLY) !== 0) return;
      const body = text("removeChildren", (flags & DELETE.CHILDREN) !== 0);
      const end = await machines.perform("RemoveSnapshot_Task", node.ref, body);
      if (!end.ok) throw failed(`Could not delete snapshot '${snap.name}': ${end.words}`);
    },
  };
}

function failed(detail: string): Error {
  return esxError("INTERNAL_ERROR", detail, "the server's own log says more");
}
