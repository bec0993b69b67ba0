import { LIFECYCLE_EVENT, VirtError } from "@polyvisor/core";
import { DomainJobs } from "@polyvisor/sdk/jobs";
import type { TestDomain } from "../domain.js";
import { type Course, courseOf } from "../simulation/behaviour.js";
import type { LateEventHub } from "../simulation/late-events.js";
import { type DomainOperation, JOB_TYPE, type JobReport, paramsOf } from "./report.js";
import { TimedWork } from "./timed-work.js";

/** As libvirt calls a job where it fails. */
const JOB_NAMES: Readonly<Record<DomainOperation, string>> = {
  save: "domain save job",
  dump: "domain core dump job",
  backup: "backup job",
};

/** A disk's made-up size, in bytes. */
const DISK_SIZE = 1024 ** 3;

/** Who asks for a job. */
export interface JobRequest {
  readonly operation: DomainOperation;
  /** The call. */
  readonly api: string;
  /** Ends the job with its caller; a job of nobody goes on alone. */
  readonly signal?: AbortSignal;
}

interface Running {
  readonly operation: DomainOperation;
  readonly work: TimedWork;
  readonly total: number;
  cancelled: boolean;
}

/** The long jobs of a node's domains: at most one of each domain at a time. */
export class JobDesk {
  readonly #events: LateEventHub;
  readonly #locks = new WeakMap<TestDomain, DomainJobs>();
  readonly #completed = new WeakMap<TestDomain, JobReport>();
  /** By UUID. */
  readonly #running = new Map<string, Running>();

  constructor(events: LateEventHub) {
    this.#events = events;
    events.watch((event) => {
      if (event.kind !== "lifecycle" || event.event !== LIFECYCLE_EVENT.STOPPED) return;
      const running = this.#running.get(event.dom.uuid);
      running?.work.stop(new VirtError("OPERATION_FAILED", "domain is not running", { domain: "DOMAIN" }));
    });
  }

  /** `undefined` where the domain has had none. */
  locksOf(domain: TestDomain): DomainJobs | undefined {
    return this.#locks.get(domain);
  }

  /** The job that runs, as far as it has come. */
  reportOf({ ref }: TestDomain): JobReport | undefined {
    const running = this.#running.get(ref.uuid);
    if (running === undefined) return undefined;
    return reportAt(running, running.work.bounded ? JOB_TYPE.BOUNDED : JOB_TYPE.UNBOUNDED);
  }

  /** How the last job ended. */
  completedOf(domain: TestDomain): JobReport | undefined {
    return this.#completed.get(domain);
  }

  forgetCompleted(domain: TestDomain): void {
    this.#completed.delete(domain);
  }

  /** Ends the job that runs. `false` where none does. */
  cancel({ ref }: TestDomain): boolean {
    const running = this.#running.get(ref.uuid);
    if (running === undefined) return false;
    running.cancelled = true;
    const detail = `${JOB_NAMES[running.operation]}: canceled by client`;
    running.work.stop(new VirtError("OPERATION_ABORTED", detail, { domain: "TEST" }));
    return true;
  }

  /**
   * Lets a job take its time; what it does is done by the caller afterwards. `undefined` where it takes none. Rejects
   * where it fails, is cancelled, or its domain stops.
   */
  perform(domain: TestDomain, request: JobRequest): Promise<void> | undefined {
    const course = courseOf(domain.config, request.operation);
    if (course.seconds === 0 && course.ending === "completes") return undefined;
    return this.run(domain, request, course);
  }

  /** Lets a job take the time that `course` says; `began` is called when its turn has come. */
  async run(domain: TestDomain, request: JobRequest, course: Course, began = () => {}): Promise<void> {
    const { operation, api, signal } = request;
    const locks = this.#locks.get(domain) ?? new DomainJobs();
    this.#locks.set(domain, locks);
    const asked = { kind: operation, api, ...(signal === undefined ? {} : { signal }) };
    await locks.runAsync(asked, async (job) => {
      domain.expectActive();
      began();
      const work = new TimedWork(course);
      const running: Running = { operation, work, total: sizeOf(domain, operation), cancelled: false };
      const giveUp = () => work.stop(VirtError.from(job.signal.reason));
      job.signal.addEventListener("abort", giveUp, { once: true });
      if (job.signal.aborted) giveUp();
      this.#running.set(domain.ref.uuid, running);
      await work.ended.then(
        () => this.#finished(domain, running, undefined),
        (error: unknown) => {
          this.#finished(domain, running, VirtError.from(error));
          throw error;
        },
      );
    });
  }

  /** The node is gone, and nobody waits for its jobs any more. */
  dispose(): void {
    for (const { work } of [...this.#running.values()])
      work.stop(new VirtError("OPERATION_ABORTED", "the node is gone"));
  }

  #finished(domain: TestDomain, running: Running, error: VirtError | undefined): void {
    this.#running.delete(domain.ref.uuid);
    const type = error === undefined ? JOB_TYPE.COMPLETED : running.cancelled ? JOB_TYPE.CANCELLED : JOB_TYPE.FAILED;
    const report = { ...reportAt(running, type), ...(error === undefined ? {} : { error: error.message }) };
    this.#completed.set(domain, report);
    this.#events.emit({ kind: "jobCompleted", dom: domain.ref, params: paramsOf(report) });
  }
}

function reportAt({ operation, work, total }: Running, type: JobReport["type"]): JobReport {
  const { elapsed, remaining } = work;
  const processed = Math.floor(total * (type === JOB_TYPE.COMPLETED ? 1 : work.fraction));
  return { operation, type, elapsed, remaining, total, processed };
}

function sizeOf({ config }: TestDomain, operation: DomainOperation): number {
  return operation === "backup" ? config.devices.disks.length * DISK_SIZE : config.currentMemory * 1024;
}
