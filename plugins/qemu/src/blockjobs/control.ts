import type { Disk } from "@polyvisor/sdk/conf/domain";
import { flagOf, numberOf, objects, textOf } from "../capabilities/json.js";
import { qemuError } from "../errors.js";
import type { BlockJob } from "./block-job.js";
import { BLOCK_JOB_TYPE } from "./block-job.js";
import { concludeJob, type JobPlace } from "./conclude.js";
import { orEnded } from "./job-watch.js";
import { becomeConcluded, markMirror } from "./watch.js";

export interface AbortWish {
  /** The disk lies on its copy from then on. */
  readonly pivot: boolean;
  /** Nobody waits for the end: an event tells of it. */
  readonly async: boolean;
}

/** Ends the job of a disk. */
export async function abortJob(place: JobPlace, disk: Disk, { pivot, async }: AbortWish): Promise<void> {
  const { guest, env, hypervisor, domain } = place;
  const job = jobOf(place, disk);
  if (job.state === "aborting" || job.state === "pivoting") {
    throw qemuError("OPERATION_INVALID", `block job on disk '${disk.target.dev}' is still being ended`);
  }
  job.isAwaited = !async;
  try {
    if (pivot) await pivotTo(place, job);
    else {
      await guest.qmp("block-job-cancel", { device: job.record.name });
      markMirror(guest, job, "abort");
      job.state = "aborting";
    }
    await env.save();
    if (async) return;
    await orEnded(guest, job.end);
    await concludeJob(place, job);
  } finally {
    job.isAwaited = false;
    const isLeft = job.isConcluded && guest.blockJobs.get(job.record.disk) === job;
    if (isLeft) becomeConcluded(hypervisor, domain, guest, job);
  }
  if (!pivot || job.state !== "failed") return;
  const why = job.complaint === undefined ? "" : `: ${job.complaint}`;
  throw qemuError("OPERATION_FAILED", `block job '${job.record.name}' failed while pivoting${why}`);
}

const MIRRORS: ReadonlySet<BlockJob["record"]["kind"]> = new Set(["copy", "active-commit"]);

async function pivotTo({ guest }: JobPlace, job: BlockJob): Promise<void> {
  const { name, kind } = job.record;
  if (job.state !== "ready") {
    const hint = "`blockjob` tells when, as does an event";
    throw qemuError("BLOCK_COPY_ACTIVE", `block job '${name}' not ready for pivot yet`, { hint });
  }
  if (!MIRRORS.has(kind)) throw qemuError("OPERATION_INVALID", `job type '${kind}' does not support pivot`);
  // The event of its end may come before the answer.
  job.state = "pivoting";
  try {
    await guest.qmp("job-complete", { id: name });
  } catch (error) {
    if (!job.isConcluded) job.state = "ready";
    throw error;
  }
  if (!job.isConcluded) markMirror(guest, job, "pivot");
}

/** The job of a disk. */
export function jobOf({ guest }: JobPlace, { target: { dev } }: Disk): BlockJob {
  const job = guest.blockJobs.get(dev);
  if (job !== undefined) return job;
  throw qemuError("INVALID_ARG", `disk ${dev} does not have an active block job`, {
    hint: "`blockjob` shows what runs",
  });
}

export interface JobProgress {
  readonly type: number;
  /** Bytes a second. */
  readonly bandwidth: number;
  readonly cur: number;
  readonly end: number;
}

/** How far the job of a disk is. Its figures are the same only when it is ready: clients wait for that. */
export async function progressOf({ guest }: JobPlace, disk: Disk): Promise<JobProgress | undefined> {
  const job = guest.blockJobs.get(disk.target.dev);
  if (job === undefined) return undefined;
  const type = BLOCK_JOB_TYPE[job.record.kind];
  const jobs = objects(await guest.qmp("query-block-jobs"));
  const found = jobs.find((each) => textOf(each, "device") === job.record.name);
  if (found === undefined) return { type, bandwidth: 0, cur: 0, end: 1 };
  const isReady = flagOf(found, "ready");
  const [cur, end] = [numberOf(found, "offset") ?? 0, numberOf(found, "len") ?? 0];
  const bandwidth = numberOf(found, "speed") ?? 0;
  if (cur === 0 && end === 0) return { type, bandwidth, cur: isReady ? 1 : 0, end: 1 };
  return { type, bandwidth, cur: !isReady && cur === end ? cur - 1 : cur, end };
}

export async function setSpeed(place: JobPlace, disk: Disk, speed: number): Promise<void> {
  const job = jobOf(place, disk);
  await place.guest.qmp("block-job-set-speed", { device: job.record.name, speed });
}
