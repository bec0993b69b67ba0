import type { Domain } from "@polyvisor/sdk/conf";
import { emulatorArgumentsOf } from "../../conf/index.js";
import { refuse } from "../errors.js";
import { xenbusOf } from "../small-devices.js";
import { numaDistance } from "../vnuma.js";
import { clockInfo, hpetOf } from "./clock.js";
import { type CpuPolicy, cpuPolicy } from "./cpuid.js";
import { guestType } from "./create-info.js";
import type { LibxlFacts } from "./facts.js";
import { hvmInfo } from "./hvm-info.js";
import { type Json, type JsonObject, truth } from "./json.js";
import { videoInfo } from "./video.js";

const MIB = 1024;

/** Xen gives memory out by the MiB. KiB. */
export function roundedMemory(size: number): number {
  return Math.ceil(size / MIB) * MIB;
}

/** What is built into a domain before it runs. Throws what Xen cannot do. */
export function buildInfo(domain: Domain, facts: LibxlFacts): JsonObject {
  const { vcpu, os } = domain;
  checkBalloon(domain);
  const hpet = hpetOf(domain);
  const type = guestType(os);
  const memory = roundedMemory(domain.memory);
  const args = emulatorArgumentsOf(domain);
  const xenbus = xenbusOf(domain);
  const policy = type === "pv" ? undefined : cpuPolicy(domain.cpu, facts);
  return {
    max_vcpus: vcpu.max,
    avail_vcpus: Array.from({ length: vcpu.current }, (_, at) => at),
    ...affinity(domain, facts.cpus ?? 1),
    ...clockInfo(domain),
    max_memkb: memory,
    target_memkb: Math.min(memory, roundedMemory(domain.currentMemory)),
    shadow_memkb: (facts.shadowMemory ?? shadowMemory)(memory, vcpu.max),
    sched_params: { weight: domain.cputune?.shares },
    event_channels: xenbus?.maxEventChannels || undefined,
    max_grant_frames: xenbus?.maxGrantFrames || undefined,
    vnuma_nodes: vnumaNodes(domain, facts),
    extra: args.length === 0 ? undefined : args,
    ...(type === "hvm" ? videoInfo(domain).memory : undefined),
    ...policyInfo(policy),
    ...kernelInfo(domain),
    ...(type === "hvm" ? hvmInfo(domain, hpet) : undefined),
  };
}

function policyInfo(policy: CpuPolicy | undefined): JsonObject {
  if (policy === undefined) return {};
  return { nested_hvm: truth(policy.isNested), cpuid: policy.cpuid.length === 0 ? undefined : policy.cpuid };
}

/** As libxl reckons: a page for each MiB twice, and a MiB for each vCPU. KiB. */
function shadowMemory(memory: number, vcpus: number): number {
  return 4 * (256 * vcpus + 2 * Math.floor(memory / MIB));
}

/** Which CPUs each vCPU may run on, up to the last that is pinned; others may run anywhere. */
function affinity({ cputune }: Domain, cpus: number): JsonObject {
  const pins = new Map(cputune?.vcpupin.map(({ vcpu, cpuset }) => [vcpu, cpuset]));
  if (pins.size === 0) return {};
  const anywhere = Array.from({ length: cpus }, (_, at) => at);
  const count = Math.max(...pins.keys()) + 1;
  const maps = Array.from({ length: count }, (_, at): Json => pins.get(at) ?? anywhere);
  return { vcpu_hard_affinity: maps, numa_placement: truth(false) };
}

/** Where the host has fewer nodes than the guest, all of the guest's are in the host's first. */
function vnumaNodes({ cpu }: Domain, { nodes = 1 }: LibxlFacts): readonly Json[] | undefined {
  const cells = cpu?.numa?.cells ?? [];
  if (cells.length === 0) return undefined;
  return cells.map(({ cpus, memory }, at) => {
    if (cpus === undefined) {
      return refuse("INTERNAL_ERROR", `vnuma sibling ${at} missing vcpus set`, "Add cpus='...'.", "LIBXL");
    }
    const distances = cells.map((_, to) => numaDistance(cells, at, to));
    return { memkb: memory, distances, pnode: cells.length > nodes ? 0 : at, vcpus: cpus };
  });
}

/** What a paravirtual guest boots that names nothing. */
const BOOTLOADER = "pygrub";

function kernelInfo({ os, bootloader, bootloaderArgs, features }: Domain): JsonObject {
  const kernel = { cmdline: os.cmdline, kernel: os.kernel, ramdisk: os.initrd };
  if (os.type === "hvm") return kernel;
  const words = bootloaderArgs?.split(/[ \t\n]+/).filter(Boolean);
  const boot = { ...kernel, bootloader, bootloader_args: words };
  if (os.type === "xenpvh") return { ...boot, "type.pvh": {} };
  const host = features.xen?.e820Host;
  return {
    "type.pv": {
      ...boot,
      bootloader: bootloader ?? (os.kernel === undefined ? BOOTLOADER : undefined),
      e820_host: host === undefined ? undefined : truth(host === "on"),
    },
  };
}

function checkBalloon({ devices }: Domain): void {
  const model = devices.memballoon?.model ?? "xen";
  if (model === "none") {
    refuse("CONFIG_UNSUPPORTED", "balloon device cannot be disabled", "Remove <memballoon model='none'/>.", "LIBXL");
  }
  if (model !== "xen") {
    refuse("CONFIG_UNSUPPORTED", `unsupported balloon device model '${model}'`, "Use model='xen'.", "LIBXL");
  }
}
