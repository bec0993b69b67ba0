import { watch, write } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { closeAll, type Descriptor, type Log, VirtError } from "@polyvisor/core";
import { type Domain as Config, formatDomain } from "@polyvisor/sdk/conf/domain";
import { type HeldProcess, launch, makePipe } from "@polyvisor/sdk/process";
import { bundleOf } from "../bundle/bundle.js";
import { boundingSet } from "../bundle/capabilities.js";
import { type Consoles, openConsoles } from "../console/consoles.js";
import { type Engine, requireEngine } from "../engine/engine.js";
import { lxcfsFolder } from "../engine/lxcfs.js";
import { ownMounts } from "../engine/mounts.js";
import { usedDevices } from "../filesystems/devices.js";
import { type FilesystemPlan, planFilesystems } from "../filesystems/plan.js";
import { startNodes } from "../hotplug/start-nodes.js";
import type { Networks, PreparedNetwork } from "../network/networks.js";
import { checkRoot, checkRootDevice, rootOf } from "../root/check.js";
import { inspectRoot } from "../root/inspect.js";
import { initUser } from "../root/users.js";
import { limitBlocks, linuxResources } from "../tuning/resources.js";
import type { Groups } from "./groups.js";
import { endProcesses, initPidOf, LiveContainer, processGroupOf, releaseAll } from "./live.js";
import { cgroupPathOf, FILES, type Places } from "./place.js";
import { type ContainerRecord, writeRecord } from "./record.js";
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

export const SHIM = fileURLToPath(new URL("../../bin/polyvisor-lxc-shim", import.meta.url));
const KEEPER = fileURLToPath(new URL("../shim/keeper.cjs", import.meta.url));
/** What the shim, the engine and what they run find their programs with. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const writeTo = promisify(write);
/** What is read of the words of commands that failed, in bytes. */
const MOST_SAID = 4096;

/** As many as the shim's shell can hand over. */
const MOST_FILES = 3;

/** Resolves when the container's init runs. Where it rejects, nothing is left of it. */
export async function startContainer(
  parts: StartParts,
  definition: Config,
  files: readonly Descriptor[],
): Promise<LiveContainer> {
  checkFiles(files);
  const folder = parts.places.folder(definition.name);
  const [engine, filesystems] = [await requireEngine(parts.engine), planFilesystems(definition, folder)];
  const checked = checkOwnRoot(definition, filesystems);
  // A folder is looked at while the rest is prepared, and nothing runs before; what is to be mounted is looked at first.
  checked.catch(() => {});
  if (rootOf(definition).source.type !== "mount") await checked;
  const start = new Start(parts, engine, filesystems, folder);
  try {
    return await start.run(definition, files, checked);
  } catch (error) {
    await start.undo(definition);
    throw error;
  }
}

/** Before anything is made: what would run the host's init is refused. */
async function checkOwnRoot(config: Config, { root }: FilesystemPlan): Promise<void> {
  const { source } = rootOf(config);
  if (source.type === "mount") return checkRoot(await inspectRoot(root));
  const path = source.type === "block" ? source.dev : source.type === "file" ? source.file : undefined;
  if (path?.startsWith("/dev/") !== true) return;
  const [device, host] = await Promise.all([stat(path).catch(() => undefined), stat("/")]);
  if (device?.isBlockDevice() === true) checkRootDevice(device.rdev, host.dev);
}

/** One start of a container, and what there is of it so far. */
class Start {
  readonly #parts: StartParts;
  readonly #engine: Engine;
  readonly #filesystems: FilesystemPlan;
  readonly #folder: string;
  #config: Config | undefined;
  #record: ContainerRecord = { xml: "" };
  #consoles: Consoles | undefined;
  #held: HeldProcess | undefined;
  #hasBegun = false;
  /** What the shim's keeper waits at, and sees the shim's end by. */
  readonly #alive = makePipe();

  constructor(parts: StartParts, engine: Engine, filesystems: FilesystemPlan, folder: string) {
    this.#parts = parts;
    this.#engine = engine;
    this.#filesystems = filesystems;
    this.#folder = folder;
  }

  /** `checked`: fails where the root must not be a container's. */
  async run(definition: Config, files: readonly Descriptor[], checked: Promise<void>): Promise<LiveContainer> {
    const { places, groups, networks } = this.#parts;
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(join(this.#folder, FILES.engineState), { recursive: true, mode: 0o700 });
    await Promise.all([
      mkdir(places.log, { recursive: true, mode: 0o700 }),
      this.#note({ xml: formatDomain(definition, { secure: true }) }),
    ]);
    const shared = sharedNamespaces(definition, this.#parts.initOf);
    const sharesNetwork = shared.some(({ type }) => type === "network");
    const prepared: { network: PreparedNetwork; config: Config } = sharesNetwork
      ? { network: { namespace: "host" }, config: definition }
      : await networks.prepare(definition, { folder: this.#folder });
    this.#config = prepared.config;
    const noted = this.#note({
      network: prepared.network,
      xml: formatDomain(prepared.config, { secure: true, status: true }),
    });
    // Awaited once there is what would have to be closed.
    noted.catch(() => {});
    this.#consoles = await openConsoles(prepared.config);
    await noted;
    const held = await this.#launch(definition.name, files);
    const config: Config = { ...this.#consoles.config, id: held.process.pid };
    const cgroupPath = cgroupPathOf(config, held.process.pid);
    const [processGroup] = await Promise.all([
      processGroupOf(held.process.pid),
      this.#note({ shim: held.process.identity, cgroupPath }),
      this.#writeBundle(config, { cgroupPath, network: prepared.network, shared }),
      checked,
    ]);
    const initPid = await this.#begin(held);
    const [cgroup] = await Promise.all([groups.at(cgroupPath), writeTo(this.#alive.writer.fd, Buffer.from("go\n"))]);
    closeAll([this.#alive.writer]);
    await limitBlocks(cgroup, config);
    const made = { config, shim: held.process, cgroupPath, cgroup, network: prepared.network, processGroup };
    return new LiveContainer(made, initPid, places, networks);
  }

  async undo(definition: Config): Promise<void> {
    const { groups, networks } = this.#parts;
    const config = this.#config ?? definition;
    const { cgroupPath, network } = this.#record;
    const cgroup = cgroupPath === undefined ? undefined : await groups.at(cgroupPath);
    this.#consoles?.close();
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

  /** The shim waits at its gate: it has the pid by which everything else is called. */
  async #launch(name: string, files: readonly Descriptor[]): Promise<HeldProcess> {
    const consoles = this.#consoles as Consoles;
    const log = await open(this.#parts.places.logFile(name), "a+", 0o600);
    try {
      const before = (await log.stat()).size;
      const { descriptors, keepers } = consoles.inherited(7 + files.length);
      await writeFile(join(this.#folder, FILES.consoles), JSON.stringify(keepers));
      const inherited = [
        this.#alive.reader.fd,
        consoles.first.slave.fd,
        this.#alive.writer.fd,
        ...files.map(({ fd }) => fd),
        ...descriptors,
      ];
      const setUp = await ownMounts(this.#filesystems.setUp);
      const plan = {
        argv: [SHIM, ...this.#words(name, files.length)] as const,
        env: { PATH },
        umask: 0o022,
        limits: [],
        noNewPrivileges: false,
        ownMounts: setUp === undefined ? false : { setUp },
      };
      const held = await launch(plan, { output: log.fd, inherited });
      this.#held = held;
      if (!(await held.prepared))
        throw this.#failed((await firstLine(log, before)) ?? "its file systems cannot be mounted");
      return held;
    } finally {
      closeAll([this.#alive.reader]);
      await log.close();
      consoles.close();
    }
  }

  #words(name: string, files: number): string[] {
    const { path } = this.#engine;
    const log = ["--log", join(this.#folder, FILES.engineLog), "--log-format", "json"];
    const preserved = files === 0 ? [] : ["--preserve-fds", `${files}`];
    return [
      ...[this.#folder, process.execPath, KEEPER, name, `${files}`],
      ...[path, "--root", join(this.#folder, FILES.engineState), ...log, "run"],
      ...["--bundle", this.#folder, ...preserved, "container"],
    ];
  }

  async #writeBundle(
    config: Config,
    made: {
      readonly cgroupPath: string;
      readonly network: PreparedNetwork;
      readonly shared: ReturnType<typeof sharedNamespaces>;
    },
  ): Promise<void> {
    const filesystems = this.#filesystems;
    const [nodes, user, used, lxcfs, status] = await Promise.all([
      startNodes(config),
      initUser(config.os, filesystems.root),
      usedDevices(config),
      lxcfsFolder(),
      readFile("/proc/self/status", "utf8"),
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
      lxcfs,
      capabilities: boundingSet(status),
      startedFile: join(this.#folder, FILES.started),
    });
    await writeFile(join(this.#folder, FILES.bundle), JSON.stringify(bundle));
  }

  /** Lets the shim begin, and waits until the container runs or the shim has ended. */
  async #begin(held: HeldProcess): Promise<number> {
    const watcher = watch(this.#folder);
    try {
      const isThere = new Promise<void>((resolve) => {
        watcher.on("change", () => {
          void initPidOf(this.#folder).then((pid) => pid !== undefined && resolve());
        });
      });
      this.#hasBegun = true;
      held.release();
      await Promise.race([isThere, held.process.ended]);
    } finally {
      watcher.close();
    }
    const pid = await initPidOf(this.#folder);
    if (pid !== undefined) return pid;
    throw await this.#failure("the engine did not start the container");
  }

  /** The engine's own words are the best there are. */
  async #failure(otherwise: string): Promise<VirtError> {
    const text = await readFile(join(this.#folder, FILES.engineLog), "utf8").catch(() => "");
    return this.#failed(engineMessage(text) ?? otherwise);
  }

  #failed(said: string): VirtError {
    return new VirtError("INTERNAL_ERROR", `guest failed to start: ${said}`, {
      domain: "LXC",
      hint: `more is in the container's log in ${this.#parts.places.log}`,
    });
  }
}

/** What was said first from an offset on. */
async function firstLine(log: FileHandle, from: number): Promise<string | undefined> {
  const { buffer, bytesRead } = await log.read({ position: from, buffer: Buffer.alloc(MOST_SAID) });
  return buffer.toString("utf8", 0, bytesRead).trim().split("\n")[0] || undefined;
}

/** What crun says of its two halves where the other one has said why it ended. */
const ONLY_CONSEQUENCE = /\bconnection closed$/;

/**
 * The last error in the log of an engine, which is a document a line; some have such a line as their message again. That one
 * half of the engine has lost the other counts only where nothing else is said.
 */
export function engineMessage(log: string): string | undefined {
  const said = log.split("\n").flatMap((line) => messageIn(line) ?? []);
  return said.findLast((message) => !ONLY_CONSEQUENCE.test(message)) ?? said.at(-1);
}

function messageIn(line: string): string | undefined {
  try {
    const { msg, level } = JSON.parse(line) as { readonly msg?: unknown; readonly level?: unknown };
    if (typeof msg !== "string" || (level !== undefined && level !== "error")) return undefined;
    return messageIn(msg) ?? msg.trim();
  } catch {
    return undefined;
  }
}

function checkFiles(files: readonly Descriptor[]): void {
  if (files.length <= MOST_FILES) return;
  throw new VirtError("ARGUMENT_UNSUPPORTED", `at most ${MOST_FILES} files can be passed to a container`, {
    domain: "LXC",
    hint: "pass the others on a socket",
  });
}
