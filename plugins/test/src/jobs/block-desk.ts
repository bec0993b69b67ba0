import { type DomainRef, LIFECYCLE_EVENT, VirtError } from "@polyvisor/core";
import type { Disk } from "@polyvisor/sdk/conf";
import { sourcePath } from "@polyvisor/sdk/conf/moment";
import type { TestDomain } from "../domain.js";
import { testError } from "../errors.js";
import type { Course } from "../simulation/behaviour.js";
import type { LateEventHub } from "../simulation/late-events.js";
import { TimedWork } from "./timed-work.js";

/** What a job does to a disk (`virDomainBlockJobType`). */
export const BLOCK_JOB = { PULL: 1, COPY: 2, COMMIT: 3, ACTIVE_COMMIT: 4 } as const;
export type BlockJobType = (typeof BLOCK_JOB)[keyof typeof BLOCK_JOB];

/** What is told of such a job (`virConnectDomainEventBlockJobStatus`). */
const STATUS = { COMPLETED: 0, FAILED: 1, CANCELED: 2, READY: 3 } as const;

/** One job of one disk. */
export interface BlockJob {
  readonly type: BlockJobType;
  readonly disk: Disk;
  readonly work: TimedWork;
  /** What the disk lies on once a copy is pivoted to. */
  readonly destination: Disk["source"] | undefined;
  /** Bytes a second; 0 for as fast as it goes. */
  bandwidth: bigint;
  /** A copy that has all, and follows what the guest writes. */
  ready: boolean;
}

/** The jobs of a node's disks: at most one of each disk at a time. */
export class BlockDesk {
  /** By UUID of the domain, then by the disk's target. */
  readonly #jobs = new Map<string, Map<string, BlockJob>>();
  readonly #events: LateEventHub;

  constructor(events: LateEventHub) {
    this.#events = events;
    events.watch((event) => {
      if (event.kind !== "lifecycle" || event.event !== LIFECYCLE_EVENT.STOPPED) return;
      const jobs = this.#jobs.get(event.dom.uuid);
      this.#jobs.delete(event.dom.uuid);
      for (const { work } of jobs?.values() ?? []) work.stop(ended());
    });
  }

  find({ ref }: TestDomain, disk: Disk): BlockJob | undefined {
    return this.#jobs.get(ref.uuid)?.get(disk.target.dev);
  }

  start(
    { ref }: TestDomain,
    disk: Disk,
    course: Course,
    { type, bandwidth, destination }: Pick<BlockJob, "type" | "bandwidth" | "destination">,
  ): void {
    const { dev } = disk.target;
    const jobs = this.#jobs.get(ref.uuid) ?? new Map<string, BlockJob>();
    if (jobs.has(dev)) {
      throw testError("BLOCK_COPY_ACTIVE", `disk '${dev}' already in active block job`, "`blockjob` shows it");
    }
    const work = new TimedWork(course);
    const job: BlockJob = { type, disk, work, destination, bandwidth, ready: false };
    this.#jobs.set(ref.uuid, jobs.set(dev, job));
    work.ended.then(
      () => this.#done(ref, job),
      (error: unknown) => this.#end(ref, job, isEnd(error) ? STATUS.CANCELED : STATUS.FAILED),
    );
  }

  /** A copy that is ready comes to an end: as the disk's new home, or in vain. A job under way is cancelled. */
  abort({ ref }: TestDomain, job: BlockJob, pivot: boolean): void {
    if (!job.ready) job.work.stop(ended());
    this.#end(ref, job, pivot ? STATUS.COMPLETED : STATUS.CANCELED);
  }

  #done(ref: DomainRef, job: BlockJob): void {
    if (this.#jobs.get(ref.uuid)?.get(job.disk.target.dev) !== job) return;
    if (!isMirror(job)) {
      this.#end(ref, job, STATUS.COMPLETED);
      return;
    }
    job.ready = true;
    this.#tell(ref, job, STATUS.READY);
  }

  /** Nothing is told of a job twice, nor of one whose guest is gone. */
  #end(ref: DomainRef, job: BlockJob, status: number): void {
    const jobs = this.#jobs.get(ref.uuid);
    const { dev } = job.disk.target;
    if (jobs?.get(dev) !== job) return;
    jobs.delete(dev);
    if (jobs.size === 0) this.#jobs.delete(ref.uuid);
    this.#tell(ref, job, status);
  }

  #tell(dom: DomainRef, { disk, type }: BlockJob, status: number): void {
    this.#events.emit({ kind: "blockJob", dom, path: sourcePath(disk.source) ?? "", type, status });
    this.#events.emit({ kind: "blockJob2", dom, dst: disk.target.dev, type, status });
  }

  /** The node is gone. */
  dispose(): void {
    const all = [...this.#jobs.values()].flatMap((jobs) => [...jobs.values()]);
    this.#jobs.clear();
    for (const { work } of all) work.stop(ended());
  }
}

export function isMirror({ type }: BlockJob): boolean {
  return type === BLOCK_JOB.COPY || type === BLOCK_JOB.ACTIVE_COMMIT;
}

function ended(): VirtError {
  return new VirtError("OPERATION_ABORTED", "block job was ended", { domain: "TEST" });
}

function isEnd(error: unknown): boolean {
  return error instanceof VirtError && error.code === "OPERATION_ABORTED";
}
