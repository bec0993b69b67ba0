import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { DOMAIN_STATE } from "@polyvisor/core";
import { type EndingName, statusWords, TRANSITIONS } from "@polyvisor/sdk/lifecycle";
import { releasePorts } from "@polyvisor/sdk/network-ports";
import type { QemuDomain } from "./domain.js";
import { qemuError } from "./errors.js";
import type { Guest } from "./guest.js";
import type { Hypervisor } from "./hypervisor.js";
import { noteInLog } from "./log/index.js";
import { releaseLabels } from "./services/index.js";
import { findMemoryPaths, removeMemoryFolders } from "./start/memory-folders.js";
import { within } from "./within.js";

/** How long an emulator that was asked to end may take before it is killed, in milliseconds. */
const GRACE = 10_000;
/** After a kill only the kernel is in the way: a process that waits for its storage. */
export const KILL_GRACE = 5_000;
/** How long a start that is overtaken may take to undo what it did; one that hangs in another plugin does so later. */
const UNDOING = 5_000;
/** How long the rest of what an ended emulator has said is read. */
const DRAIN = 1_000;
/** A plugin that has just died is started again; where our own host has died, we end before the next attempt. */
const ATTEMPTS = 3;
const BETWEEN_ATTEMPTS = 1_000;

/**
 * Ends the emulator and cleans up after it. Kills before it takes the job, so that whoever waits for this guest's
 * monitor fails and gives the job up. Resolves with false where another had cleaned up by then.
 */
export async function stopGuest(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  ending: EndingName,
  options: { readonly api?: string; readonly force?: boolean } = {},
): Promise<boolean> {
  guest.fakeReboot = false;
  guest.beingStopped = true;
  guest.ending = ending;
  try {
    await endProcess(guest, options.force ?? true);
  } catch (error) {
    guest.beingStopped = false;
    throw error;
  }
  await within(guest.startOver, UNDOING);
  return domain.jobs.run({ kind: "destroy", api: options.api ?? "stopGuest" }, () =>
    finishGuest(hypervisor, domain, guest, ending),
  );
}

/** Watches for the end of an emulator that nobody stops. Called once for each guest, when its process is known. */
export function watchGuest(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): void {
  guest.process?.ended
    .then(async () => {
      await drained(guest);
      if (guest.beingStopped || domain.guest !== guest) return;
      guest.beingStopped = true;
      await domain.jobs.run({ kind: "destroy", api: "processEnded" }, () =>
        finishGuest(hypervisor, domain, guest, guest.ending ?? naturalEnding(domain)),
      );
    })
    .catch((error: unknown) => {
      hypervisor.log.error({ err: error, domain: domain.name }, "cleaning up after a guest failed");
    });
}

/**
 * Tells clients of a monitor that is lost while its emulator lives: such a guest can only be destroyed. Called once for
 * each guest, when its start is over.
 */
export function watchMonitor(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): void {
  void guest.monitor?.closed.then(async (reason) => {
    const { process } = guest;
    if (process === undefined || (await within(process.ended, DRAIN))) return;
    if (guest.beingStopped || domain.guest !== guest) return;
    hypervisor.log.error({ err: reason, domain: domain.name }, "the monitor of a running guest is lost");
    hypervisor.emit({ kind: "controlError", dom: domain.ref });
  });
}

/** An emulator that ends without having told of a shutdown has crashed. */
export function naturalEnding(domain: QemuDomain): EndingName {
  return domain.status.state === DOMAIN_STATE.SHUTDOWN ? "finish" : "crash";
}

/** Sends SIGTERM, waits for the end, and insists with SIGKILL where that is allowed. */
async function endProcess(guest: Guest, force: boolean): Promise<void> {
  const { process } = guest;
  if (process === undefined) return;
  process.kill("SIGTERM");
  if (!(await within(process.ended, GRACE))) {
    if (!force) throw cannotEnd(process.pid, "SIGTERM");
    process.kill("SIGKILL");
    if (!(await within(process.ended, KILL_GRACE))) throw cannotEnd(process.pid, "SIGKILL");
  }
  await drained(guest);
}

function cannotEnd(pid: number, signal: string): Error {
  return qemuError("SYSTEM_ERROR", `Failed to terminate process ${pid} with ${signal}: Device or resource busy`, {
    hint:
      signal === "SIGTERM" ? "destroy it without --graceful" : "the process hangs in the kernel: look at its storage",
  });
}

/** The last events of an ended emulator may still lie in its socket. */
async function drained(guest: Guest): Promise<void> {
  if (guest.monitor !== undefined) await within(guest.monitor.closed, DRAIN);
}

/**
 * Gives back all that the guest had, and tells of its end. Must run in the domain's job; the process has ended.
 * Resolves with false where it was done before.
 */
export async function finishGuest(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  ending: EndingName,
): Promise<boolean> {
  if (domain.guest !== guest) return false;
  await noteInLog(hypervisor, domain, `shutting down, reason=${statusWords(TRANSITIONS[ending].to).reason}`);
  await releaseGuest(hypervisor, domain, guest);
  hypervisor.detachGuest(domain, ending);
  hypervisor.forgetTransient(domain);
  return true;
}

async function releaseMemory({ layout }: Hypervisor, { config, id }: Guest): Promise<void> {
  await removeMemoryFolders(config, await findMemoryPaths(layout, id, config.name));
}

/** Gives back what other plugins gave the guest. Its leases went with its process. */
function releaseServices(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  const turn = guest.releaseTurn.then(async () => {
    for (let attempt = 1; ; attempt++) {
      const results = await Promise.allSettled([
        releaseLabels(hypervisor, domain, guest),
        releasePorts(hypervisor.services, guest.config),
      ]);
      const failure = results.find((result) => result.status === "rejected");
      if (failure === undefined) return;
      if (attempt === ATTEMPTS) throw failure.reason;
      await delay(BETWEEN_ATTEMPTS);
    }
  });
  guest.releaseTurn = turn.catch(() => {});
  return turn;
}

/** Removes everything that belongs to one run of a guest; what fails is logged, and the rest goes on. Twice does no harm. */
export async function releaseGuest(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  guest.monitor?.close();
  guest.process?.close();
  for (const stream of guest.consoles.values()) stream.destroy();
  guest.consoles.clear();
  hypervisor.ports.release(guest.ports);
  // The second time they may be another guest's.
  guest.ports = [];
  // The status file goes last: where this daemon ends before all is given back, the next one goes on.
  await releaseServices(hypervisor, domain, guest).catch((error: unknown) => {
    hypervisor.log.error({ err: error, domain: domain.name }, "what other plugins gave a guest cannot be given back");
  });
  const results = await Promise.allSettled([
    rm(guest.folder, { recursive: true, force: true }),
    rm(guest.channelFolder, { recursive: true, force: true }),
    releaseMemory(hypervisor, guest),
    hypervisor.confinement.release(guest),
    rm(hypervisor.layout.pidFile(domain.name), { force: true }),
    hypervisor.statusWriter(domain, guest).remove(),
  ]);
  for (const result of results) {
    if (result.status === "rejected") {
      hypervisor.log.warn({ err: result.reason, domain: domain.name }, "something of a guest cannot be removed");
    }
  }
}
