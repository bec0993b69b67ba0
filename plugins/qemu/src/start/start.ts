import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DOMAIN_STATE, VirtError, wrapperRefusal } from "@polyvisor/core";
import { allDone } from "@polyvisor/sdk/all-done";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { TRANSITIONS } from "@polyvisor/sdk/lifecycle";
import { makePorts, withPortIds } from "@polyvisor/sdk/network-ports";
import {
  type HeldProcess,
  hasEnded,
  type LaunchPlan,
  launch,
  listenUnix,
  readProcessStat,
  withSocketLabel,
  withSocketPath,
} from "@polyvisor/sdk/process";
import { makeFolders } from "@polyvisor/sdk/store";
import { alignMemory, numberImages } from "../command-line/index.js";
import type { GuestGroups } from "../confine/index.js";
import { knowledgeFor } from "../cpu/knowledge.js";
import { resolveCpu } from "../cpu/resolve.js";
import type { QemuDomain } from "../domain.js";
import { noLongerRunning, qemuError, systemError } from "../errors.js";
import { handleQmpEvent } from "../events.js";
import { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { type GuestLog, openGuestLog } from "../log/index.js";
import { connectSocket, QmpClient } from "../monitor/index.js";
import {
  expectedUser,
  giveFolders,
  guestUser,
  labelWords,
  leaseWords,
  makeLabels,
  setLabels,
  socketLabels,
} from "../services/index.js";
import { makePassage } from "../state/folders.js";
import { KILL_GRACE, releaseGuest, watchGuest, watchMonitor } from "../stop.js";
import { within } from "../within.js";
import { checkBootFiles } from "./boot-files.js";
import { openChannelSockets } from "./channel-sockets.js";
import { inheritChardevFiles } from "./chardev-files.js";
import { inheritFileGroups } from "./file-groups.js";
import { withImageChains } from "./images.js";
import { InheritedDescriptors } from "./inherited.js";
import { makeLive } from "./live-config.js";
import { setUpGuest } from "./monitor-setup.js";
import { openTaps } from "./network.js";
import { planLaunch } from "./plan.js";

export interface StartOptions {
  /** Leave the processors stopped. */
  readonly paused: boolean;
  /** The connection with which the guest ends. */
  readonly autodestroy?: object | undefined;
}

/** How long an emulator may take until its monitor answers, in milliseconds. Large memory is allocated by then. */
const MONITOR_DEADLINE = 60_000;
const MASTER_KEY_BYTES = 32;
/** A process that ends closes its monitor a moment before it is gone; on a busy machine that may take a while. */
const LAST_WORDS = 2_000;

/**
 * Starts a domain. Must run in its `start` job, with the domain inactive.
 *
 * Until the end it shows as paused and starting up. Where it fails nothing of it is left, and the error says why: the
 * emulator's own words where it ended by itself.
 */
export async function startDomain(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  definition: DomainConfig,
  options: StartOptions,
): Promise<void> {
  const guest = await prepareGuest(hypervisor, domain, definition).catch((error: unknown) => {
    hypervisor.transition(domain, "refuseStart");
    throw error;
  });
  guest.autodestroy = options.autodestroy;
  hypervisor.attachGuest(domain, guest, TRANSITIONS.prepare.to);
  const booting = bootOrUndo(hypervisor, domain, guest, options);
  guest.startOver = booting.catch(() => {});
  await booting;
}

async function bootOrUndo(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  options: StartOptions,
): Promise<void> {
  try {
    await bootGuest(hypervisor, domain, guest, options);
  } catch (error) {
    // A daemon that ends leaves what it began to the next one, which finds the status file.
    if (!hypervisor.isClosed) await undoStart(hypervisor, domain, guest);
    throw error;
  }
}

/** Everything that can fail before anything is made. */
async function prepareGuest(hypervisor: Hypervisor, domain: QemuDomain, definition: DomainConfig): Promise<Guest> {
  await checkNotLost(hypervisor, domain);
  const { config: configured, caps } = await hypervisor.configurations.forStart(definition);
  const groupOf = (name: string) => hypervisor.fileGroups.find(domain, name);
  const [chained, known] = await Promise.all([
    withImageChains(configured, groupOf, () => expectedUser(hypervisor, configured.seclabels)),
    knowledgeFor(configured.cpu, configured.os.arch ?? caps.arch),
    checkBootFiles(configured),
  ]);
  const checked = numberImages(alignMemory(resolveCpu(chained, caps, hostArch(), known)));
  const id = hypervisor.nextId();
  const folders = {
    folder: hypervisor.layout.guestFolder(id, domain.name),
    channelFolder: hypervisor.layout.channelFolder(id, domain.name),
  };
  const { config, ports } = await makeLive(checked, id, folders.channelFolder, hypervisor.ports);
  const guest = new Guest(domain.jobs, id, config, caps, folders);
  guest.ports = ports;
  return guest;
}

/** Of a guest that an earlier daemon left there must never be two, also where it could not be found again. */
async function checkNotLost(hypervisor: Hypervisor, domain: QemuDomain): Promise<void> {
  if (!hypervisor.lostGuests.has(domain.name)) return;
  const pid = Number(await readFile(hypervisor.layout.pidFile(domain.name), "utf8").catch(() => ""));
  if (pid > 0 && !hasEnded(readProcessStat(pid))) {
    throw qemuError("OPERATION_FAILED", `domain '${domain.name}' may still run as process ${pid}`, {
      hint: `its status file ${hypervisor.layout.statusFile(domain.name)} cannot be used: end that process first`,
    });
  }
  hypervisor.lostGuests.delete(domain.name);
}

async function bootGuest(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  options: StartOptions,
): Promise<void> {
  const log = await openGuestLog(hypervisor, domain);
  try {
    await makeGuestFolders(guest, hypervisor.confinement.foldersFor(guest.folder));
    await askServices(hypervisor, domain, guest);
    await launchEmulator(hypervisor, domain, guest, log, options.paused);
    await run(hypervisor, domain, guest, options);
  } catch (error) {
    throw await explained(hypervisor, domain, guest, log, error);
  } finally {
    await log.close();
  }
}

async function makeGuestFolders(guest: Guest, foldersToMount: readonly string[]): Promise<void> {
  try {
    await makeFolders(guest.folder, 0o750);
    await makePassage(dirname(guest.channelFolder));
    await allDone([
      makeFolders(guest.channelFolder, 0o750),
      writeFile(join(guest.folder, "master-key.aes"), randomBytes(MASTER_KEY_BYTES), { mode: 0o600 }),
      rm(guest.monitorPath, { force: true }),
      ...foldersToMount.map((path) => makeFolders(path, 0o755)),
    ]);
  } catch (error) {
    throw systemError(`cannot create folder '${guest.folder}'`, error);
  }
}

/**
 * Gets what other plugins give a guest, and tells the status file first: where this daemon dies now, the next one gives it
 * back.
 */
async function askServices(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  guest.config = withPortIds(guest.config);
  await makeLabels(hypervisor, guest);
  if (guest.labels.length > 0) await giveFolders(hypervisor);
  const hasPorts = guest.config.devices.interfaces.some(({ source }) => source.type === "network");
  if (hasPorts || guest.labels.length > 0) await hypervisor.statusWriter(domain, guest).save();
  guest.config = await makePorts(hypervisor.services, guest.config);
}

/**
 * The monitor's socket listens before the emulator exists, so that we are connected before it starts; it takes our
 * commands as soon as it can. The status file is written while the process waits at its gate: from then on a guest that
 * runs is one that a later daemon finds.
 */
async function launchEmulator(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  log: GuestLog,
  isPaused: boolean,
): Promise<void> {
  const inherited = new InheritedDescriptors();
  const sockets = await socketLabels(hypervisor, domain, guest);
  let held: HeldProcess;
  let groups: GuestGroups;
  try {
    const listen = (path: string) => withSocketLabel(sockets.listening, () => listenUnix(path));
    const monitor = inherited.add(await withSocketPath(guest.monitorPath, listen));
    const { config, taps } = await openTaps(guest.config, inherited);
    guest.config = config;
    const open = await openChannelSockets(config, guest.channelFolder, inherited, sockets.listening);
    const files = await inheritChardevFiles(hypervisor, domain, guest, inherited);
    const channels = new Map([...open, ...files.sources]);
    const fileGroups = inheritFileGroups(hypervisor.fileGroups, domain, config, inherited);
    const descriptors = { monitor, taps, channels, chardevLogs: files.logs, fileGroups };
    const making = hypervisor.confinement.prepare(guest);
    const [plan, made] = await allDone([planLaunch(hypervisor, guest, descriptors), making]);
    groups = made;
    await setLabels(hypervisor, domain, guest);
    const leases = await leaseWords(hypervisor, domain, guest, isPaused);
    const labels = await labelWords(hypervisor, domain, guest);
    const runAs = await guestUser(hypervisor, domain, guest);
    await log.note(plan.note);
    if (guest.beingStopped) throw noLongerRunning();
    const confined: LaunchPlan = {
      ...plan.launch,
      ...(runAs && { runAs }),
      wrapper: leases,
      innerWrapper: labels.argv,
      noNewPrivileges: plan.launch.noNewPrivileges && !labels.newPrivileges,
    };
    held = await launch(confined, { output: log.fd, inherited: inherited.all });
  } finally {
    inherited.close();
  }
  guest.process = held.process;
  guest.launched = held.left;
  if (guest.beingStopped) {
    // Whoever stops it saw no process to end, and may have given everything back before this start is undone.
    held.process.kill("SIGKILL");
    throw noLongerRunning();
  }
  const [socket, , , config] = await allDone([
    connectSocket(guest.monitorPath, sockets.connecting),
    hypervisor.statusWriter(domain, guest).save(),
    writePidFile(hypervisor.layout.pidFile(domain.name), held.process.pid),
    hypervisor.confinement.enclose(guest, groups, held),
  ]);
  guest.config = config;
  guest.monitor = new QmpClient(socket, (event) => handleQmpEvent(hypervisor, domain, guest, event));
  held.release();
}

async function writePidFile(path: string, pid: number): Promise<void> {
  await writeFile(path, `${pid}\n`, { mode: 0o600 }).catch((error: unknown) => {
    throw systemError(`Failed to write pid file '${path}'`, error);
  });
}

/** Everything up to the running processors goes over the monitor in one flight; only then the answers are looked at. */
async function run(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, options: StartOptions): Promise<void> {
  guest.patience = MONITOR_DEADLINE;
  const { cpu, os } = guest.config;
  const known = await knowledgeFor(cpu, os.arch ?? hostArch());
  const [, iothreads] = await Promise.all([guest.qmp("qmp_capabilities"), setUpGuest(guest, known)]);
  await hypervisor.confinement.arrange(guest, iothreads);
  guest.patience = undefined;
  if (options.paused) {
    hypervisor.transition(domain, "hold");
  } else {
    guest.nextRun = "run";
    await guest.qmp("cont");
  }
  await hypervisor.statusWriter(domain, guest).save();
  watchGuest(hypervisor, domain, guest);
  watchMonitor(hypervisor, domain, guest);
  hypervisor.transition(domain, options.paused ? "startedPaused" : "started");
}

/** An emulator that ended has said why on its standard error, and so has what was to become one. */
async function explained(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  log: GuestLog,
  error: unknown,
): Promise<unknown> {
  const { process } = guest;
  if (guest.beingStopped) return error instanceof VirtError ? error : noLongerRunning();
  // A monitor closes a moment before its process is gone.
  if (process !== undefined && !(await within(process.ended, LAST_WORDS))) return error;
  const words = await log.lastWords().catch(() => "");
  const refusal = wrapperRefusal(words);
  if (refusal !== undefined) return refusal;
  if (process === undefined) return error;
  const detail = "process exited while connecting to monitor";
  const user = await guestUser(hypervisor, domain, guest).catch(() => undefined);
  const isRefused = user !== undefined && words.includes("Permission denied");
  return qemuError("INTERNAL_ERROR", words === "" ? detail : `${detail}: ${words}`, {
    hint: isRefused
      ? `the guest runs as user ${user.uid}, group ${user.gid}: each folder on the way to its files must let it pass (chmod o+x)`
      : `the whole of what it said is in ${log}`,
    cause: error,
  });
}

/** Leaves nothing behind. Where the guest is being destroyed meanwhile, the destroyer tells of it. */
async function undoStart(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  const isMine = !guest.beingStopped;
  guest.beingStopped = true;
  if (guest.process?.kill("SIGKILL") && !(await within(guest.process.ended, KILL_GRACE))) {
    if (isMine) guest.beingStopped = false;
    leaveToItsEnd(hypervisor, domain, guest);
    return;
  }
  // A command that still mounts something for it would make the folders anew.
  await within(guest.launched, KILL_GRACE);
  await releaseGuest(hypervisor, domain, guest);
  if (!isMine || domain.guest !== guest) return;
  const wasShown = domain.status.state !== DOMAIN_STATE.PAUSED;
  hypervisor.detachGuest(domain, wasShown ? "failStart" : "abandon");
}

/**
 * A process that waits for its storage cannot be killed. The guest shows as starting up for as long, so that it is not
 * started a second time on the same disks.
 */
function leaveToItsEnd(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): void {
  hypervisor.log.error(
    { domain: domain.name, pid: guest.process?.pid },
    "a guest that could not start hangs in the kernel",
  );
  guest.ending ??= "failStart";
  guest.monitor?.close();
  watchGuest(hypervisor, domain, guest);
}
