import { mapDevices } from "@polyvisor/sdk/conf/domain";
import { objects, textOf } from "../capabilities/json.js";
import type { QemuDomain } from "../domain.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import type { QmpEvent } from "../monitor/index.js";
import type { BlockJob } from "./block-job.js";
import { concludeJob, tellOfJob } from "./conclude.js";
import { jobPlace } from "./job-place.js";

/** Called for each step of each job of the emulator, in order; what takes its time is left to a job of the domain. */
export function onJobStatus(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, event: QmpEvent): void {
  const name = textOf(event.data, "id") ?? "";
  const status = textOf(event.data, "status") ?? "";
  if (status === "concluded") guest.shortJobs.get(name)?.();
  const job = jobNamed(guest, name);
  if (job === undefined) return;
  if (status === "ready") becomeReady(hypervisor, domain, guest, job);
  if (status === "concluded") becomeConcluded(hypervisor, domain, guest, job);
}

function jobNamed({ blockJobs }: Guest, name: string): BlockJob | undefined {
  return [...blockJobs.values()].find(({ record }) => record.name === name);
}

function becomeReady(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, job: BlockJob): void {
  if (job.state !== "running") return;
  job.state = "ready";
  markMirror(guest, job, "yes");
  hypervisor.statusWriter(domain, guest).saveSoon();
  tellOfJob(jobPlace(hypervisor, domain, guest), job, "ready");
}

/** What a running configuration says of a copy that is under way. */
export function markMirror(guest: Guest, { record }: BlockJob, ready: "yes" | "abort" | "pivot"): void {
  guest.config = mapDevices(guest.config, {
    disk: (disk) =>
      disk.target.dev === record.disk && disk.mirror !== undefined
        ? { ...disk, mirror: { ...disk.mirror, ready } }
        : disk,
  });
}

/** Ends a job with which the emulator has done, unless whoever waits for that will. */
export function becomeConcluded(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, job: BlockJob): void {
  job.concluded();
  if (job.isAwaited) return;
  const work = () => (domain.guest === guest ? concludeJob(jobPlace(hypervisor, domain, guest), job) : undefined);
  domain.jobs.run({ kind: "modify", api: "blockJobEnd" }, work).catch((error: unknown) => {
    hypervisor.log.error({ err: error, domain: domain.name }, `block job ${job.record.name} cannot be ended`);
  });
}

/**
 * Finds the jobs of a guest that ran before we did: those that are over are ended, those that became ready are told of. One
 * that the emulator does not know has never begun, or all was done for it but the last.
 */
export async function recoverBlockJobs(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  if (guest.blockJobs.size === 0) return;
  const statuses = new Map(
    objects(await guest.qmp("query-jobs")).map((each) => [textOf(each, "id"), textOf(each, "status")]),
  );
  for (const job of [...guest.blockJobs.values()]) {
    const { state, name } = job.record;
    const status = statuses.get(name);
    if (status === "ready" && state === "running") becomeReady(hypervisor, domain, guest, job);
    const isOver = status === undefined || status === "concluded" || status === "null";
    if (!isOver) continue;
    if (status === undefined && !isEnding(state)) job.state = "failed";
    job.concluded();
    await concludeJob(jobPlace(hypervisor, domain, guest), job);
  }
}

/** How it ended is known. */
function isEnding(state: BlockJob["state"]): boolean {
  return state === "completed" || state === "failed" || state === "canceled";
}
