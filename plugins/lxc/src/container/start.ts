import { readFileSync, writeSync } from "node:fs";
import { type FileHandle, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { closeAll, type Descriptor, type Log, VirtError } from "@polyvisor/core";
import { allDone } from "@polyvisor/sdk/all-done";
import { type Domain as Config, formatDomain } from "@polyvisor/sdk/conf/domain";
import { makePipe, runHelper } from "@polyvisor/sdk/process";
import { makeFolders } from "@polyvisor/sdk/store";
import { bundleOf } from "../bundle/bundle.js";
import { boundingSet } from "../bundle/capabilities.js";
import { type Consoles, type KeptConsole, openConsoles } from "../console/consoles.js";
import { type Engine, requireEngine, writesStatus } from "../engine/engine.js";
import { lxcfsFolder } from "../engine/lxcfs.js";
import { engineMessage } from "../engine/messages.js";
import { ownMounts } from "../engine/mounts.js";
import { usedDevices } from "../filesystems/devices.js";
import { type FilesystemPlan, planFilesystems } from "../filesystems/plan.js";
import { startNodes } from "../hotplug/start-nodes.js";
import type { Networks, PreparedNetwork } from "../network/networks.js";
import { checkRoot, checkRootDevice, rootOf } from "../root/check.js";
import { checkInit, looksForInit } from "../root/init.js";
import { looksAt, rootFacts } from "../root/inspect.js";
import { initUser } from "../root/users.js";
import { type HeldShim, launchShim } from "../shim/launch.js";
import { limitBlocks, linuxResources } from "../tuning/resources.js";
import type { Groups } from "./groups.js";
import { endProcesses, LiveContainer, releaseAll } from "./live.js";
import { CONTAINER, cgroupPathOf, FILES, type Places } from "./place.js";
import { type ContainerRecord, writeRecord } from "./record.js";
import { waitUntilRuns } from "./running.js";
import { sharedNamespaces } from "./shared.js";

/** What starts of all containers have in common. */
export interface StartParts {
  readonly places: Places;
  readonly groups: Groups;
  readonly networks: Networks;
  readonly log: Log;
  /** The engine that the operator has chosen. */
  readonly engine: string | undefined;
  /** The init of another container, by name, for namespaces that are shared with it. */
  readonly initOf: (name: string) => number | undefined;
}

const KEEPER = fileURLToPath(new URL("../shim/keeper.cjs", import.meta.url));

/** What is read of the words of commands that failed, in bytes. */
const MOST_SAID = 4096;

/** As many as the shim's shell can hand over. */
const MOST_FILES = 3;

/** The pid of an init that has ended before anybody knew it. */
const NOBODY = 0;
/** How a shell calls the end of a program by SIGKILL. */
const KILLED = "137";

/** How long mounts and a look at the root may take, in milliseconds. */
const PREPARE_MS = 30_000;

/** Resolves when the container's init runs. Where it rejects, nothing is left of it. */
export async function startContainer(
  parts: StartParts,
  definition: Config,
  files: readonly Descriptor[],
): Promise<LiveContainer> {
  checkFiles(files);
  // What matters is that it has begun; where it cannot be done the start takes a little longer.
  parts.groups.expectMove().catch(() => {});
  const filesystems = planFilesystems(definition, parts.places.folder(definition.name));
  const start = new Start(parts, definition, filesystems);
  try {
    return await start.run(files);
  } catch (error) {
    await start.undo();
    throw error;
  }
}

/** Before anything is made: a device that has the host's root would run the host's init. */
async function checkDevice(config: Config): Promise<void> {
  const { source } = rootOf(config);
  const path = source.type === "block" ? source.dev : source.type === "file" ? source.file : undefined;
  if (path?.startsWith("/dev/") !== true) return;
  const [device, host] = await Promise.all([stat(path).catch(() => undefined), stat("/")]);
  if (device?.isBlockDevice() === true) checkRootDevice(device.rdev, host.dev);
}

/** One start of a container, and what there is of it so far. */
class Start {
  readonly #parts: StartParts;
  readonly #filesystems: FilesystemPlan;
  readonly #definition: Config;
  readonly #folder: string;
  #config: Config | undefined;
  #record: ContainerRecord = { xml: "" };
  #consoles: Consoles | undefined;
  /** Which of its descriptors the shim's keeper serves. */
  #keepers: readonly KeptConsole[] = [];
  #log: FileHandle | undefined;
  #held: HeldShim | undefined;
  #hasBegun = false;
  /** How long the container's log was before. */
  #logged = 0;
  /** What the shim's keeper waits at, and sees the shim's end by. */
  readonly #alive = makePipe();

  constructor(parts: StartParts, definition: Config, filesystems: FilesystemPlan) {
    this.#parts = parts;
    this.#definition = definition;
    this.#folder = parts.places.folder(definition.name);
    this.#filesystems = filesystems;
  }

  /** The shim begins while the rest is prepared, and waits at its gate, where nothing is done yet. */
  async run(files: readonly Descriptor[]): Promise<LiveContainer> {
    const definition = this.#definition;
    const { places, groups, networks } = this.#parts;
    const shared = sharedNamespaces(definition, this.#parts.initOf);
    const setUp = ownMounts(this.#filesystems.setUp);
    const [engine] = await allDone([requireEngine(this.#parts.engine), checkDevice(definition), this.#makeFolder()]);
    const networked = this.#prepareNetwork(shared.some(({ type }) => type === "network"));
    // Mounts of its own need not show what is mounted later, such as a namespace of the network's.
    const launch = () => this.#launch(engine, files, setUp);
    const launched = setUp.length === 0 ? launch() : networked.then(launch);
    const [network, held] = await allDone([networked, launched]);
    const { pid } = held.process;
    const config: Config = { ...(this.#consoles as Consoles).named(this.#config ?? definition), id: pid };
    const cgroupPath = cgroupPathOf(config, pid);
    await allDone([
      this.#note({ shim: held.process.identity, cgroupPath }),
      writeFile(join(this.#folder, FILES.consoles), JSON.stringify(this.#keepers)),
      this.#writeBundle(config, { engine, cgroupPath, network, shared }),
      this.#checkRoot(held),
    ]);
    const initPid = await this.#begin(held);
    const cgroup = await groups.at(cgroupPath);
    await limitBlocks(cgroup, config);
    // A pipe that is empty takes it at once.
    const { writer } = this.#alive;
    writeSync(writer.fd, "go\n");
    closeAll([writer]);
    // It leads its group.
    const made = { config, shim: held.process, cgroupPath, cgroup, network, processGroup: pid };
    return new LiveContainer(made, initPid, places, networks);
  }

  async undo(): Promise<void> {
    const { groups, networks } = this.#parts;
    const config = this.#config ?? this.#definition;
    const { cgroupPath, network } = this.#record;
    const cgroup = cgroupPath === undefined ? undefined : await groups.at(cgroupPath);
    this.#consoles?.close();
    await this.#log?.close();
    closeAll([this.#alive.reader, this.#alive.writer]);
    // One that still waits at its gate has started nothing.
    if (!this.#hasBegun) this.#held?.process.kill("SIGKILL");
    await endProcesses(this.#held?.process, { folder: this.#folder, cgroup });
    this.#held?.process.close();
    await releaseAll(networks, { name: config.name, folder: this.#folder, cgroupPath, cgroup, network, config });
  }

  async #note(more: Partial<ContainerRecord>): Promise<void> {
    this.#record = { ...this.#record, ...more };
    await writeRecord(this.#folder, this.#record);
  }

  /** A start that nobody could undo may have left one. */
  async #makeFolder(): Promise<void> {
    const make = () => makeFolders(join(this.#folder, FILES.engineState), 0o700);
    const first = await make();
    if (first !== undefined && !first.startsWith(`${this.#folder}/`)) return;
    await rm(this.#folder, { recursive: true, force: true });
    await make();
  }

  /** What is made for it is noted before. */
  async #prepareNetwork(isShared: boolean): Promise<PreparedNetwork> {
    const definition = this.#definition;
    await this.#note({ xml: formatDomain(definition, { secure: true }) });
    const { network, config } = isShared
      ? { network: { namespace: "host" } as const, config: definition }
      : await this.#parts.networks.prepare(definition, { folder: this.#folder });
    this.#config = config;
    if (config === definition) this.#record = { ...this.#record, network };
    else await this.#note({ network, xml: formatDomain(config, { secure: true, status: true }) });
    return network;
  }

  async #launch(engine: Engine, files: readonly Descriptor[], setUp: readonly string[]): Promise<HeldShim> {
    const opened = openConsoles(this.#definition).then((consoles) => {
      this.#consoles = consoles;
      return consoles;
    });
    const [consoles, log] = await allDone([opened, this.#openLog()]);
    const { descriptors, keepers } = consoles.inherited(7 + files.length);
    const inherited = [
      this.#alive.reader.fd,
      consoles.first.slave.fd,
      this.#alive.writer.fd,
      ...files.map(({ fd }) => fd),
      ...descriptors,
    ];
    const words = this.#words(engine, files.length);
    const looks = looksAt(this.#filesystems.root, looksForInit(this.#definition, { exact: false }));
    const prepare = [...setUp, looks].join("\n");
    this.#held = await launchShim({ words, prepare, ownMounts: setUp.length > 0, output: log.fd, inherited });
    closeAll([this.#alive.reader]);
    consoles.close();
    void log.close();
    this.#keepers = keepers;
    return this.#held;
  }

  async #openLog(): Promise<FileHandle> {
    const path = this.#parts.places.logFile(this.#definition.name);
    this.#log = await open(path, "a", 0o600).catch(async () => {
      await makeFolders(this.#parts.places.log, 0o700);
      return open(path, "a", 0o600);
    });
    this.#logged = (await this.#log.stat()).size;
    return this.#log;
  }

  #words({ path }: Engine, files: number): string[] {
    const log = ["--log", join(this.#folder, FILES.engineLog), "--log-format", "json"];
    const preserved = files === 0 ? [] : ["--preserve-fds", `${files}`];
    return [
      ...[this.#folder, process.execPath, KEEPER, this.#definition.name, `${files}`],
      ...[path, "--root", join(this.#folder, FILES.engineState), ...log, "run"],
      ...["--bundle", this.#folder, ...preserved, CONTAINER],
    ];
  }

  /** The shim has mounted what is mounted for it, the root is not the host's, and there is an init in it. */
  async #checkRoot({ prepared }: HeldShim): Promise<void> {
    const deadline = new AbortController();
    const told = await Promise.race([prepared, delay(PREPARE_MS, undefined, { signal: deadline.signal, ref: false })]);
    deadline.abort();
    if (told === undefined) throw this.#failed((await this.#firstLine()) ?? "its file systems cannot be mounted");
    const facts = await rootFacts(this.#filesystems.root, told);
    checkRoot(facts);
    checkInit(this.#definition, facts.inside);
  }

  async #writeBundle(
    config: Config,
    made: {
      readonly engine: Engine;
      readonly cgroupPath: string;
      readonly network: PreparedNetwork;
      readonly shared: ReturnType<typeof sharedNamespaces>;
    },
  ): Promise<void> {
    const filesystems = this.#filesystems;
    const [nodes, user, used] = await Promise.all([
      startNodes(config),
      initUser(config.os, filesystems.root),
      usedDevices(config),
    ]);
    const bundle = bundleOf(config, {
      filesystems,
      user,
      network: made.network.namespace,
      shared: made.shared,
      cgroupsPath: made.cgroupPath,
      resources: linuxResources(config),
      nodes: nodes.map(({ node }) => node),
      devices: [...used, ...nodes.map(({ use }) => use)],
      furtherTerminals: (this.#consoles as Consoles).further,
      lxcfs: lxcfsFolder(),
      capabilities: boundingSet(readFileSync("/proc/self/status", "utf8")),
      startedFile: writesStatus(made.engine) ? undefined : join(this.#folder, FILES.started),
    });
    await writeFile(join(this.#folder, FILES.bundle), JSON.stringify(bundle));
  }

  /** Lets the shim begin, and waits until the container runs or the shim has ended. */
  async #begin(held: HeldShim): Promise<number> {
    const waiter = waitUntilRuns(this.#folder);
    let pid: number | undefined;
    try {
      this.#hasBegun = true;
      held.release();
      pid = (await Promise.race([waiter.runs, held.process.ended])) ?? undefined;
    } finally {
      waiter.close();
    }
    if (pid !== undefined) return pid;
    if (await this.#hasRun()) return NOBODY;
    throw await this.#failure("the engine did not start the container");
  }

  /**
   * A container may have ended before its engine's word could be read. An engine that has failed says why, and one that was killed,
   * or whose shim was, is known by that.
   */
  async #hasRun(): Promise<boolean> {
    const [status, said] = await Promise.all(
      [FILES.ended, FILES.engineLog].map((file) => readFile(join(this.#folder, file), "utf8").catch(() => undefined)),
    );
    if (status === undefined || said === undefined || status.trim() === KILLED) return false;
    return engineMessage(said) === undefined;
  }

  /** What was looked at quickly is looked at once more where the engine has failed. */
  async #lookAgain(): Promise<void> {
    const { source } = rootOf(this.#definition);
    if (source.type !== "mount") return;
    const script = `exec 3>&1\n${looksAt(this.#filesystems.root, looksForInit(this.#definition, { exact: true }))}`;
    const { stdout } = await runHelper(["/bin/sh", "-c", script]);
    checkInit(this.#definition, (await rootFacts(this.#filesystems.root, stdout)).inside);
  }

  /** The engine's own words are the best there are, but for its init. */
  async #failure(otherwise: string): Promise<VirtError> {
    const [text] = await Promise.all([
      readFile(join(this.#folder, FILES.engineLog), "utf8").catch(() => ""),
      this.#lookAgain(),
    ]);
    return this.#failed(engineMessage(text) ?? otherwise);
  }

  /** What was said first in this start's part of the log. */
  async #firstLine(): Promise<string | undefined> {
    const log = await open(this.#parts.places.logFile(this.#definition.name), "r");
    try {
      const { buffer, bytesRead } = await log.read({ position: this.#logged, buffer: Buffer.alloc(MOST_SAID) });
      return buffer.toString("utf8", 0, bytesRead).trim().split("\n")[0] || undefined;
    } finally {
      await log.close();
    }
  }

  #failed(said: string): VirtError {
    return new VirtError("INTERNAL_ERROR", `guest failed to start: ${said}`, {
      domain: "LXC",
      hint: `more is in the container's log in ${this.#parts.places.log}`,
    });
  }
}

function checkFiles(files: readonly Descriptor[]): void {
  if (files.length <= MOST_FILES) return;
  throw new VirtError("ARGUMENT_UNSUPPORTED", `at most ${MOST_FILES} files can be passed to a container`, {
    domain: "LXC",
    hint: "pass the others on a socket",
  });
}
