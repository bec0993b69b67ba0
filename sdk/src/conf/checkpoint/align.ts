import { VirtError } from "@polyvisor/core";
import type { Disk } from "../domain/model/index.js";
import { matchDisks, misfit } from "../moment/align.js";
import { isEmptySource } from "../moment/disks.js";
import { checkParents, type MomentPlace } from "../moment/parents.js";
import type { Checkpoint, CheckpointDisk } from "./model.js";

const ERRORS = "DOMAIN_CHECKPOINT";

/**
 * The checkpoint with one entry for each disk of its domain, in the domain's order, and a bitmap's name for each that
 * takes part. Without any request all disks take part that can be written to.
 */
export function alignCheckpointDisks(checkpoint: Checkpoint): Checkpoint {
  const { domain } = checkpoint;
  if (domain === undefined) throw new VirtError("INTERNAL_ERROR", "missing domain in checkpoint", { domain: ERRORS });
  const { disks } = domain.devices;
  if (checkpoint.disks.length > disks.length) {
    throw misfit(ERRORS, "too many disk checkpoint requests for domain", `The domain has ${disks.length}.`);
  }
  if (disks.length === 0) throw misfit(ERRORS, "domain must have at least one disk to perform checkpoints");
  const requests = matchDisks(checkpoint.disks, domain, ERRORS, (request, disk) => {
    if (request.checkpoint === "no" || isWritable(disk)) return request;
    throw misfit(ERRORS, `disk '${request.name}' is empty or readonly`, "Write checkpoint='no'.");
  });
  const all = checkpoint.disks.length === 0;
  const aligned = disks.map((disk): CheckpointDisk => {
    const name = disk.target.dev;
    return requests.get(name) ?? { name, checkpoint: all && isWritable(disk) ? "bitmap" : "no" };
  });
  return nameBitmaps({ ...checkpoint, disks: aligned });
}

function isWritable(disk: Disk): boolean {
  return !isEmptySource(disk.source) && disk.readonly !== true;
}

/** Bitmaps are called like their checkpoint. */
function nameBitmaps(checkpoint: Checkpoint): Checkpoint {
  const disks = checkpoint.disks.map((disk) =>
    disk.checkpoint === "no" || disk.bitmap !== undefined ? disk : { ...disk, bitmap: checkpoint.name },
  );
  return { ...checkpoint, disks };
}

/** A checkpoint that is defined again, checked against the domain's others, which are given by name. */
export function redefineCheckpoint(
  checkpoint: Checkpoint,
  domainUuid: string,
  others: ReadonlyMap<string, MomentPlace>,
): Checkpoint {
  checkParents(checkpoint, others);
  const { domain, name } = checkpoint;
  if (domain === undefined) return nameBitmaps(checkpoint);
  if (domain.uuid !== domainUuid) {
    const words = `definition for checkpoint ${name} must use uuid ${domainUuid}`;
    throw new VirtError("INVALID_ARG", words, { domain: ERRORS, hint: `It has ${domain.uuid}.` });
  }
  return alignCheckpointDisks(checkpoint);
}
