import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { DOMAIN_STATE, PAUSED_REASON } from "@polyvisor/core";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf";
import type { EndingName, TransitionName } from "@polyvisor/sdk/lifecycle";
import { reclaimPorts } from "@polyvisor/sdk/network-ports";
import { bootId, ProcessHandle } from "@polyvisor/sdk/process";
import { BlockJob, jobPlace, recoverBlockJobs } from "./blockjobs/index.js";
import { isObject, type Json, textOf } from "./capabilities/json.js";
import { QemuDomain } from "./domain.js";
import { handleQmpEvent } from "./events.js";
import { Guest } from "./guest.js";
import { liveEnvironment, pluggingIn, reconcileDevices } from "./hotplug/index.js";
import type { Hypervisor } from "./hypervisor.js";
import { connectMonitor, type QmpEvent } from "./monitor/index.js";
import { powerCycle } from "./power-cycle.js";
import { releaseForgottenLeases, reserveLabels, socketLabels } from "./services/index.js";
import { recoverOverlays } from "./snapshots/recover.js";
import { threadsOf } from "./start/monitor-setup.js";
import { type ParsedStatus, parseStatus } from "./state/status-file.js";
import { finishGuest, naturalEnding, stopGuest, watchGuest, watchMonitor } from "./stop.js";
import { within } from "./within.js";

/** A process that does not answer may be about to end; for so long that is waited for, in milliseconds. */
const ENDING = 1_000;
/** How a guest ends whose start was cut short by the end of the daemon. */
const INTERRUPTED: EndingName = "interruptStart";

/** A status file, and what it says where it can be read. */
export interface Found {
  readonly name: string;
  readonly path: string;
  readonly status: ParsedStatus | undefined;
}

/** All of this boot of the host. A guest of an earlier one is gone without a trace, and nothing is told of it. */
export async function readStatusFiles({ layout, log }: Hypervisor, files: readonly string[]): Promise<Found[]> {
  const found = await Promise.all(
    files.map(async (file): Promise<Found | undefined> => {
      const name = basename(file, ".xml");
      const path = join(layout.status, file);
      try {
        const status = parseStatus(await readFile(path, "utf8"));
        if (status.record.process.bootId === bootId()) return { name, path, status };
        await rm(path, { force: true });
        return undefined;
      } catch (error) {
        log.error({ err: error, path }, `the guest ${name} cannot be found again`);
        return { name, path, status: undefined };
      }
    }),
  );
  return found.filter((each) => each !== undefined);
}

/** Shows the guest as what it was last known to be. One that cannot be shown is not started again while it may run. */
export async function attach(
  hypervisor: Hypervisor,
  { name, path, status }: Found,
): Promise<{ readonly domain: QemuDomain; readonly guest: Guest } | undefined> {
  if (status === undefined) {
    hypervisor.lostGuests.add(name);
    return undefined;
  }
  try {
    const { domain, guest } = await guestOf(hypervisor, status);
    guest.process = ProcessHandle.find(status.record.process);
    hypervisor.attachGuest(domain, guest, status.record.status);
    return { domain, guest };
  } catch (error) {
    hypervisor.lostGuests.add(name);
    hypervisor.log.error({ err: error, path }, `the guest ${name} cannot be found again`);
    return undefined;
  }
}

export async function reconnectGuest(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  try {
    await domain.jobs.run({ kind: "modify", api: "reconnect" }, () => reconnect(hypervisor, domain, guest));
  } catch (error) {
    hypervisor.log.error({ err: error, domain: domain.name }, "a guest runs, but cannot be reconnected");
  }
}

async function guestOf(
  hypervisor: Hypervisor,
  { record, domain: element, plugging }: ParsedStatus,
): Promise<{ readonly domain: QemuDomain; readonly guest: Guest }> {
  const { config, caps } = await hypervisor.configurations.readLive(element);
  const domain = domainOf(hypervisor, config);
  const guest = new Guest(domain.jobs, config.id ?? hypervisor.nextId(), config, caps, record);
  hypervisor.reserveId(guest.id);
  guest.vcpuThreads = record.vcpuThreads;
  guest.askedCpu = record.askedCpu;
  guest.fakeReboot = record.fakeReboot;
  guest.foreignStatus = record.foreign;
  guest.ports = record.ports;
  guest.labels = record.labels;
  guest.lockState = record.lockState;
  guest.images = Math.max(record.images, guest.images);
  if (plugging !== undefined) {
    const coming = await hypervisor.configurations.readLive(plugging.domain);
    guest.plugging = pluggingIn(coming.config, plugging);
  }
  guest.overlays = record.overlays;
  for (const job of record.blockJobs) guest.blockJobs.set(job.disk, new BlockJob(job));
  for (const taint of record.taints) guest.taints.add(taint);
  for (const port of record.ports) hypervisor.ports.reserve(port);
  return { domain, guest };
}

function domainOf(hypervisor: Hypervisor, config: DomainConfig): QemuDomain {
  const known = hypervisor.domains.byUuid(config.uuid);
  if (known !== undefined) return known;
  const transient = new QemuDomain(config.name, config.uuid, false);
  hypervisor.domains.add(transient);
  return transient;
}

/** Brings a guest that was found up to what happened while nobody looked. */
async function reconnect(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  const { state, reason } = domain.status;
  const isStarting = state === DOMAIN_STATE.PAUSED && reason === PAUSED_REASON.STARTING_UP;
  if (guest.process === undefined) {
    await finishGuest(hypervisor, domain, guest, isStarting ? INTERRUPTED : naturalEnding(domain));
    return;
  }
  watchGuest(hypervisor, domain, guest);
  if (isStarting) {
    hypervisor.log.warn({ domain: domain.name }, "a guest whose start was interrupted is stopped");
    stopGuest(hypervisor, domain, guest, INTERRUPTED).catch(() => {});
    return;
  }
  const early: QmpEvent[] = [];
  let deliver: (event: QmpEvent) => void = (event) => early.push(event);
  try {
    // Where its security driver is no more, the connection bears what ours do.
    const { connecting } = await socketLabels(hypervisor, domain, guest).catch(() => ({ connecting: "" }));
    guest.monitor = await connectMonitor(guest.monitorPath, (event) => deliver(event), {}, connecting);
  } catch (error) {
    if (!(await within(guest.process.ended, ENDING))) throw error;
    await finishGuest(hypervisor, domain, guest, naturalEnding(domain));
    return;
  }
  watchMonitor(hypervisor, domain, guest);
  const [status, threads] = await Promise.all([guest.qmp("query-status"), threadsOf(guest)]);
  guest.vcpuThreads = threads;
  reconcile(hypervisor, domain, guest, status);
  const found = domain.status.state;
  if (found === DOMAIN_STATE.PAUSED || found === DOMAIN_STATE.CRASHED) {
    void releaseForgottenLeases(hypervisor, domain, guest);
  }
  if (guest.caps !== undefined) await reconcileDevices(liveEnvironment({ hypervisor, domain, guest }));
  if (guest.caps !== undefined) {
    await recoverOverlays(jobPlace(hypervisor, domain, guest));
    await recoverBlockJobs(hypervisor, domain, guest);
  }
  deliver = (event) => handleQmpEvent(hypervisor, domain, guest, event);
  for (const event of early) deliver(event);
  reclaimPorts(hypervisor.services, guest.config).catch((error: unknown) => {
    hypervisor.log.warn({ err: error, domain: domain.name }, "a network does not know its port of a running guest");
  });
  reserveLabels(hypervisor, domain, guest).catch((error: unknown) => {
    hypervisor.log.warn({ err: error, domain: domain.name }, "a security driver does not know a running guest's label");
  });
  await hypervisor.statusWriter(domain, guest).save();
}

/** QEMU's name of what keeps a guest from running, and what must have happened to it. */
const HALTS: Readonly<Record<string, TransitionName>> = {
  "guest-panicked": "panic",
  "io-error": "ioError",
  paused: "suspend",
  postmigrate: "haltForMigration",
  "finish-migrate": "haltForMigration",
  inmigrate: "haltForMigration",
  "restore-vm": "haltForSnapshot",
  "save-vm": "haltForSave",
  shutdown: "shutDown",
  watchdog: "watchdog",
};

/** What a guest does now, compared with what it did when we last knew, becomes state and event. */
function reconcile(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, answer: Json): void {
  if (!isObject(answer)) return;
  const isRunning = answer.running === true;
  const halt = HALTS[textOf(answer, "status") ?? ""] ?? "halt";
  const { state } = domain.status;
  if (isRunning && state === DOMAIN_STATE.PAUSED) hypervisor.transition(domain, "resume");
  else if (!isRunning && state === DOMAIN_STATE.RUNNING && !guest.fakeReboot) hypervisor.transition(domain, halt);
  if (!isRunning && halt === "shutDown") powerCycle(hypervisor, domain, guest);
}
