import { constants, open as openCallback } from "node:fs";
import { access, open, readdir } from "node:fs/promises";
import { release } from "node:os";
import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { runHelper, streamOnDescriptor } from "@polyvisor/sdk/process";
import { makeFolders } from "@polyvisor/sdk/store";
import { BHYVE, destroyArgv } from "../command-line/index.js";
import type { BhyveFeatures } from "../conf/index.js";
import { bhyveError } from "../errors.js";
import type { BhyveHost, HostProcess, NodeFigures, Tap } from "../host/host.js";
import { attempt, run } from "./commands.js";
import { probeFeatures } from "./features.js";
import { CPU_NAMES, cpuTimesOf, MEMORY_NAMES, memoryOf, SHAPE_NAMES, shapeOf } from "./figures.js";
import { findProcess, startProcess } from "./process.js";
import { parseKenv } from "./smbios.js";
import { Sysctls } from "./sysctl.js";

const IFCONFIG = "/sbin/ifconfig";
const KLDLOAD = "/sbin/kldload";
const SYSCTL = "/sbin/sysctl";
const STTY = "/bin/stty";
const KENV = "/bin/kenv";

/** How long a loader may take, which reads a kernel from a disk and may wait at a menu. */
const LOADER_MS = 120_000;

const openFile = promisify(openCallback);

/** This FreeBSD. */
export class FreeBsd implements BhyveHost {
  readonly bootId: string;
  readonly features: BhyveFeatures;
  readonly release = release();
  readonly node: NodeFigures = {
    shape: async () => shapeOf(await sysctls(SHAPE_NAMES)),
    memory: async () => memoryOf(await sysctls(MEMORY_NAMES)),
    cpuTimes: async (cpu) => cpuTimesOf(await sysctls(CPU_NAMES), cpu),
    smbios: async () => parseKenv((await attempt(KENV)).stdout),
  };

  private constructor(bootId: string, features: BhyveFeatures) {
    this.bootId = bootId;
    this.features = features;
  }

  static async open(): Promise<FreeBsd> {
    const [boot, features] = await Promise.all([sysctls(["kern.boottime"]), probeFeatures(attempt, BHYVE)]);
    return new FreeBsd(boot.text("kern.boottime") ?? "", features);
  }

  async firmware(path: string) {
    return { path, files: (await readdir(path).catch(() => [])).sort() };
  }

  /** The device is renamed, as libvirt does, and keeps its own name below /dev. */
  async connectTap(bridge: string, wish: string | undefined): Promise<Tap> {
    const device = (await run(IFCONFIG, "tap", "create")).trim();
    const name = wish ?? device.replace(/^tap/, "vnet");
    // What has the wished name may be somebody else's until the device has it.
    let ours = device;
    try {
      await run(IFCONFIG, device, "name", name);
      ours = name;
      await run(IFCONFIG, name, "up");
      await run(IFCONFIG, bridge, "addm", name);
    } catch (error) {
      await this.removeTap(ours);
      throw error;
    }
    return { name, device };
  }

  async removeTap(name: string): Promise<void> {
    if ((await attempt(IFCONFIG, name)).status === 0) await run(IFCONFIG, name, "destroy");
  }

  async load([program = "", ...args]: readonly string[], log: string): Promise<void> {
    const { status, stdout, stderr } = await runHelper([program, ...args], { deadline: LOADER_MS });
    const file = await openLog(log);
    try {
      await file.appendFile(stdout + stderr);
    } finally {
      await file.close();
    }
    if (status === 0) return;
    throw bhyveError("INTERNAL_ERROR", `'${program}' failed with status ${status}`, `see ${log}`);
  }

  async start(argv: readonly string[], log: string): Promise<HostProcess> {
    if (argv.some((word) => word.includes("/dev/nmdm"))) await run(KLDLOAD, "-n", "nmdm");
    const file = await openLog(log);
    try {
      return await startProcess(argv, file.fd);
    } finally {
      await file.close();
    }
  }

  find(name: string, token: unknown): Promise<HostProcess | undefined> {
    return findProcess(name, token);
  }

  async removeMachine(name: string): Promise<void> {
    const isThere = () =>
      access(`/dev/vmm/${name}`).then(
        () => true,
        () => false,
      );
    if (!(await isThere())) return;
    const [program = "", ...args] = destroyArgv(name);
    const { status, stderr } = await attempt(program, ...args);
    if (status === 0 || !(await isThere())) return;
    throw bhyveError("INTERNAL_ERROR", `guest '${name}' cannot be taken away: ${stderr.trim()}`);
  }

  async openTerminal(path: string): Promise<Duplex> {
    await run(STTY, "-f", path, "raw", "-echo");
    return streamOnDescriptor(await openFile(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
  }
}

async function sysctls(names: readonly string[]): Promise<Sysctls> {
  return new Sysctls((await attempt(SYSCTL, "-i", ...names)).stdout);
}

async function openLog(path: string) {
  await makeFolders(dirname(path), 0o700);
  return open(path, "a", 0o600);
}
