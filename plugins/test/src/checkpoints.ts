import { type Domain, type DomainCheckpoint, type DomainCheckpointHandlers, VirtError } from "@polyvisor/core";
import {
  alignCheckpointDisks,
  type Checkpoint,
  formatCheckpoint,
  parseCheckpoint,
  redefineCheckpoint,
} from "@polyvisor/sdk/conf/checkpoint";
import { selectBy } from "@polyvisor/sdk/store";
import { HOOKS } from "./config.js";
import type { TestDomain } from "./domain.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";
import { DELETE_FLAG, deleteMoment } from "./moment-deletion.js";

const CREATE = { REDEFINE: 1, QUIESCE: 2 } as const;
const XML = { SECURE: 1, NO_DOMAIN: 2, SIZE: 4 } as const;
const LIST = { ROOTS_OR_DESCENDANTS: 1, TOPOLOGICAL: 2, LEAVES: 4, NO_LEAVES: 8 } as const;
const LIST_FLAGS = Object.values<number>(LIST).reduce((all, flag) => all | flag, 0);
const ANY_DELETE = DELETE_FLAG.CHILDREN | DELETE_FLAG.METADATA_ONLY | DELETE_FLAG.CHILDREN_ONLY;
/** How much a backup since any checkpoint would copy, in bytes. */
const MADE_UP_SIZE = 1024;

/** Checkpoints. There are no disks whose changes could be followed: each is but its document. */
export function checkpointHandlers({ domains }: TestHypervisor): DomainCheckpointHandlers {
  function find({ dom, name }: DomainCheckpoint) {
    const domain = domains.find(dom);
    const checkpoint = domain.checkpoints.byName.get(name);
    if (checkpoint === undefined) throw missing(`no domain checkpoint with matching name '${name}'`);
    return { domain, checkpoint };
  }
  const refsOf = (dom: Domain, found: readonly Checkpoint[]): DomainCheckpoint[] =>
    found.map(({ name }) => ({ name, dom: domains.find(dom).ref }));

  return {
    domainCheckpointCreateXML({ dom, xmlDesc, flags }) {
      checkFlags(flags, CREATE.REDEFINE | CREATE.QUIESCE, "testDomainCheckpointCreateXML");
      const domain = domains.find(dom);
      checkCreatable(domain);
      const redefine = (flags & CREATE.REDEFINE) !== 0;
      const parsed = parseCheckpoint(xmlDesc, { redefine, domain: { hooks: HOOKS } });
      const checkpoint = redefine ? redefined(domain, parsed) : takeCheckpoint(domain, parsed);
      return { name: checkpoint.name, dom: domain.ref };
    },

    domainListAllCheckpoints({ dom, flags }) {
      checkFlags(flags, LIST_FLAGS, "testDomainListAllCheckpoints");
      const domain = domains.find(dom);
      const { checkpoints } = domain;
      const roots = (flags & LIST.ROOTS_OR_DESCENDANTS) !== 0;
      return refsOf(
        dom,
        filtered(domain, roots ? checkpoints.children(undefined) : checkpoints.descendants(undefined), flags),
      );
    },
    domainCheckpointListAllChildren({ checkpoint: { dom, name }, flags }) {
      checkFlags(flags, LIST_FLAGS, "testDomainCheckpointListAllChildren");
      const { domain } = find({ dom, name });
      const { checkpoints } = domain;
      const all = (flags & LIST.ROOTS_OR_DESCENDANTS) !== 0;
      return refsOf(dom, filtered(domain, all ? checkpoints.descendants(name) : checkpoints.children(name), flags));
    },
    domainCheckpointLookupByName({ dom, name, flags }) {
      checkFlags(flags, 0, "testDomainCheckpointLookupByName");
      return { name: find({ dom, name }).checkpoint.name, dom: domains.find(dom).ref };
    },
    domainCheckpointGetParent({ checkpoint, flags }) {
      checkFlags(flags, 0, "testDomainCheckpointGetParent");
      const found = find(checkpoint);
      const { parent } = found.checkpoint;
      if (parent === undefined) throw missing(`checkpoint '${checkpoint.name}' does not have a parent`);
      return { name: parent, dom: found.domain.ref };
    },

    domainCheckpointGetXMLDesc({ checkpoint: reference, flags }) {
      checkFlags(flags, XML.SECURE | XML.NO_DOMAIN | XML.SIZE, "testDomainCheckpointGetXMLDesc");
      const { domain, checkpoint } = find(reference);
      const size = (flags & XML.SIZE) !== 0;
      if (size) domain.expectActive();
      return formatCheckpoint(size ? withSizes(checkpoint) : checkpoint, {
        size,
        secure: (flags & XML.SECURE) !== 0,
        noDomain: (flags & XML.NO_DOMAIN) !== 0,
      });
    },

    domainCheckpointDelete({ checkpoint: reference, flags }) {
      checkFlags(flags, ANY_DELETE, "testDomainCheckpointDelete");
      const { domain, checkpoint } = find(reference);
      deleteMoment(domain.checkpoints, checkpoint, flags);
    },
  };
}

function checkCreatable(domain: TestDomain): void {
  const unsupported = (detail: string, hint: string) => testError("OPERATION_UNSUPPORTED", detail, hint);
  if (domain.hasSnapshot) {
    throw unsupported("cannot create checkpoint while snapshot exists", "delete the snapshots first");
  }
  if (!domain.isActive) throw unsupported("cannot create checkpoint for inactive domain", "start the domain first");
}

/** The domain is at a new checkpoint from now on. */
export function takeCheckpoint({ checkpoints, config }: TestDomain, parsed: Checkpoint): Checkpoint {
  const aligned = alignCheckpointDisks({ ...parsed, domain: { ...config, id: undefined } });
  if (checkpoints.byName.has(aligned.name)) {
    const detail = `domain moment ${aligned.name} already exists`;
    throw new VirtError("OPERATION_FAILED", detail, { domain: "DOMAIN", hint: "choose another name" });
  }
  const checkpoint = { ...aligned, parent: checkpoints.current };
  checkpoints.set(checkpoint);
  checkpoints.current = checkpoint.name;
  return checkpoint;
}

/** The domain is at the newest one: one that comes first, or after the one where it is. */
function redefined({ ref, checkpoints }: TestDomain, parsed: Checkpoint): Checkpoint {
  const checkpoint = redefineCheckpoint(parsed, ref.uuid, checkpoints.byName);
  const { current } = checkpoints;
  const follows = current === undefined || checkpoint.parent === current;
  checkpoints.set(checkpoint);
  if (follows) checkpoints.current = checkpoint.name;
  return checkpoint;
}

function filtered({ checkpoints }: TestDomain, found: readonly Checkpoint[], flags: number): Checkpoint[] {
  const isLeaf = ({ name }: Checkpoint) => checkpoints.children(name).length === 0;
  return selectBy(
    found,
    [
      [
        [LIST.LEAVES, isLeaf],
        [LIST.NO_LEAVES, (checkpoint) => !isLeaf(checkpoint)],
      ],
    ],
    flags,
  );
}

function withSizes(checkpoint: Checkpoint): Checkpoint {
  const disks = checkpoint.disks.map((disk) => (disk.checkpoint === "bitmap" ? { ...disk, size: MADE_UP_SIZE } : disk));
  return { ...checkpoint, disks };
}

function missing(detail: string): VirtError {
  return testError("NO_DOMAIN_CHECKPOINT", detail, "`checkpoint-list` shows the checkpoints that are here");
}
