import { readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { DOMAIN_STATE, PAUSED_REASON } from "@polyvisor/core";
import { bootId, ProcessHandle } from "@polyvisor/sdk/process";
import type { XmlElement } from "@polyvisor/sdk/xml";
import { isObject, type Json, textOf } from "./capabilities/json.js";
import { QemuDomain } from "./domain.js";
import { handleQmpEvent } from "./events.js";
import { Guest } from "./guest.js";
import type { Hypervisor } from "./hypervisor.js";
import { connectMonitor, type QmpEvent } from "./monitor/index.js";
import { powerCycle } from "./power-cycle.js";
import { threadsOf } from "./start/monitor-setup.js";
import { type DomainStatus, type PausedReason, panicked, paused, running, shuttingDown } from "./state/status.js";
import { type GuestRecord, parseStatus } from "./state/status-file.js";
import { finishGuest, stopGuest, watchGuest, watchMonitor } from "./stop.js";
import { within } from "./within.js";

/** How long clients wait at most for guests that were running; slower ones are reconnected behind their backs. */
const PATIENCE = 3_000;

/** A process that does not answer may be about to end; for so long that is waited for, in milliseconds. */
const ENDING = 1_000;
const CRASHED = { shutoff: "CRASHED", stopped: "FAILED" } as const;

/** Called once, before anyone is served: every definition, and every guest that ran when the daemon ended. */
export async function recoverDomains(hypervisor: Hypervisor): Promise<void> {
  for (const { name, uuid, autostart } of await hypervisor.definitions.index()) {
    if (hypervisor.domains.byUuid(uuid) !== undefined) {
      hypervisor.log.error({ name, uuid }, "a definition has the UUID of another and is left out");
      continue;
    }
    const domain = new QemuDomain(name, uuid, true);
    domain.autostart = autostart;
    hypervisor.domains.add(domain);
  }
  const files = (await readdir(hypervisor.layout.status)).filter((file) => file.endsWith(".xml"));
  const all = Promise.all(files.map((file) => recoverGuest(hypervisor, file)));
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, PATIENCE);
  });
  await Promise.race([all, patience]);
  clearTimeout(timer);
}

async function recoverGuest(hypervisor: Hypervisor, file: string): Promise<void> {
  const path = join(hypervisor.layout.status, file);
  try {
    const { record, domain: element } = parseStatus(await readFile(path, "utf8"));
    const guest = await guestOf(hypervisor, record, element);
    if (guest === undefined) {
      await rm(path, { force: true });
      return;
    }
    const domain = domainOf(hypervisor, guest);
    guest.process = ProcessHandle.find(record.process);
    hypervisor.attachGuest(domain, guest, record.status);
    await domain.jobs.run({ kind: "modify", api: "reconnect" }, () => reconnect(hypervisor, domain, guest));
  } catch (error) {
    hypervisor.log.error({ err: error, path }, `the guest ${basename(file, ".xml")} cannot be found again`);
  }
}

/** A guest of an earlier boot of the host is gone without a trace, and nothing is told of it. */
async function guestOf(hypervisor: Hypervisor, record: GuestRecord, element: XmlElement): Promise<Guest | undefined> {
  if (record.process.bootId !== bootId()) return undefined;
  const { config, caps } = await hypervisor.configurations.readLive(element);
  const guest = new Guest(config.id ?? hypervisor.nextId(), config, caps, record);
  hypervisor.reserveId(guest.id);
  guest.vcpuThreads = record.vcpuThreads;
  guest.fakeReboot = record.fakeReboot;
  guest.foreignStatus = record.foreign;
  guest.ports = record.ports;
  for (const port of record.ports) hypervisor.ports.reserve(port);
  return guest;
}

function domainOf(hypervisor: Hypervisor, { config }: Guest): QemuDomain {
  const known = hypervisor.domains.byUuid(config.uuid);
  if (known !== undefined) return known;
  const transient = new QemuDomain(config.name, config.uuid, false);
  hypervisor.domains.add(transient);
  return transient;
}

/** Brings a guest that was found up to what happened while nobody looked. */
async function reconnect(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  if (guest.process === undefined) {
    // One that shut down waits for us, stopped: so this one was killed, or died.
    await finishGuest(hypervisor, domain, guest, CRASHED);
    return;
  }
  watchGuest(hypervisor, domain, guest);
  const { state, reason } = domain.status;
  if (state === DOMAIN_STATE.PAUSED && reason === PAUSED_REASON.STARTING_UP) {
    hypervisor.log.warn({ domain: domain.name }, "a guest whose start was interrupted is stopped");
    stopGuest(hypervisor, domain, guest, { shutoff: "DAEMON", stopped: "FAILED" }).catch(() => {});
    return;
  }
  const early: QmpEvent[] = [];
  let deliver: (event: QmpEvent) => void = (event) => early.push(event);
  try {
    guest.monitor = await connectMonitor(guest.monitorPath, (event) => deliver(event));
  } catch (error) {
    if (!(await within(guest.process.ended, ENDING))) throw error;
    await finishGuest(hypervisor, domain, guest, CRASHED);
    return;
  }
  watchMonitor(hypervisor, domain, guest);
  const [status, threads] = await Promise.all([guest.qmp("query-status"), threadsOf(guest)]);
  guest.vcpuThreads = threads;
  reconcile(hypervisor, domain, guest, status);
  deliver = (event) => handleQmpEvent(hypervisor, domain, guest, event);
  for (const event of early) deliver(event);
  await hypervisor.statusWriter(domain, guest).save();
}

/** QEMU's name of what keeps a guest from running, and ours. */
const PAUSES: Readonly<Record<string, PausedReason>> = {
  "guest-panicked": "CRASHED",
  "io-error": "IOERROR",
  paused: "USER",
  postmigrate: "MIGRATION",
  "finish-migrate": "MIGRATION",
  inmigrate: "MIGRATION",
  "restore-vm": "SNAPSHOT",
  "save-vm": "SAVE",
  shutdown: "SHUTTING_DOWN",
  suspended: "UNKNOWN",
  watchdog: "WATCHDOG",
};

/** What a guest does now, compared with what it did when we last knew, becomes state and event. */
function reconcile(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, answer: Json): void {
  if (!isObject(answer)) return;
  const isRunning = answer.running === true;
  const reason = PAUSES[textOf(answer, "status") ?? ""] ?? "UNKNOWN";
  const { state } = domain.status;
  if (isRunning && state === DOMAIN_STATE.PAUSED) {
    domain.status = running("UNPAUSED");
    hypervisor.lifecycle(domain, "RESUMED", "UNPAUSED");
  } else if (!isRunning && state === DOMAIN_STATE.RUNNING && !guest.fakeReboot) {
    domain.status = stoppedStatus(reason);
    if (reason === "SHUTTING_DOWN") hypervisor.lifecycle(domain, "SHUTDOWN", "FINISHED");
    else if (reason === "CRASHED") hypervisor.lifecycle(domain, "CRASHED", "PANICKED");
    else hypervisor.lifecycle(domain, "SUSPENDED", reason === "IOERROR" || reason === "WATCHDOG" ? reason : "PAUSED");
  }
  if (!isRunning && reason === "SHUTTING_DOWN") powerCycle(hypervisor, domain, guest);
}

function stoppedStatus(reason: PausedReason): DomainStatus {
  if (reason === "SHUTTING_DOWN") return shuttingDown;
  return reason === "CRASHED" ? panicked : paused(reason);
}
