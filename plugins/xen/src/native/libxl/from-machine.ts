import type { Clock, Cpu, Cputune, Domain, Features, Os, Timer } from "@polyvisor/sdk/conf";
import { cpuFeatureOfXen } from "../cpu-names.js";
import { cpuidFlagAt, REGISTER_NAMES } from "./cpuid-flags.js";
import type { LibxlReader } from "./reader.js";

export function readVcpus(build: LibxlReader): Domain["vcpu"] {
  const online = build.numbers("avail_vcpus").length;
  const max = Math.max(1, build.number("max_vcpus") ?? online);
  return { max, current: Math.min(max, online || max), placement: "static" };
}

/** What every guest has that nobody tunes. */
const USUAL_WEIGHT = 256;

export function readCputune(build: LibxlReader): Cputune | undefined {
  const weight = build.part("sched_params").number("weight") ?? USUAL_WEIGHT;
  const maps = build.numberLists("vcpu_hard_affinity");
  const vcpupin = maps.flatMap((cpuset, vcpu) => (cpuset.length === 0 ? [] : [{ vcpu, cpuset }]));
  const shares = weight === USUAL_WEIGHT ? undefined : weight;
  if (shares === undefined && vcpupin.length === 0) return undefined;
  return { shares, vcpupin, iothreadpin: [], vcpusched: [], iothreadsched: [], cachetune: [], memorytune: [] };
}

export function readFeatures(create: LibxlReader, build: LibxlReader, own: LibxlReader, { type }: Os): Features {
  const xen = readPassthrough(create.string("passthrough"));
  const hap = create.truth("hap") === false ? "off" : undefined;
  if (type === "xen") {
    return own.truth("e820_host") === true ? { xen: { ...xen, e820Host: "on" } } : { xen };
  }
  if (type !== "hvm") return { hap, xen };
  const on = (name: string, usual: boolean): boolean => build.truth(name) ?? own.truth(name) ?? usual;
  return {
    pae: on("pae", true) || undefined,
    acpi: on("acpi", true) || undefined,
    apic: on("apic", true) ? {} : undefined,
    viridian: on("viridian", false) || undefined,
    hap,
    xen,
  };
}

function readPassthrough(mode: string | undefined): Features["xen"] {
  if (mode === "sync_pt" || mode === "share_pt") return { passthrough: { state: "on", mode } };
  return mode === "enabled" ? { passthrough: { state: "on" } } : undefined;
}

const TSC_MODES: Readonly<Record<string, Timer["mode"]>> = {
  always_emulate: "emulate",
  native: "native",
  native_paravirt: "paravirt",
};

export function readClock(build: LibxlReader, own: LibxlReader, { type }: Os): Clock {
  const basis = build.truth("localtime") === true ? "localtime" : "utc";
  const mode = TSC_MODES[build.string("tsc_mode") ?? ""];
  const timers: Timer[] = mode === undefined ? [] : [{ name: "tsc", present: "yes", mode }];
  if (type !== "hvm") return { offset: basis, adjustment: "reset", timers };
  const hpet = own.truth("hpet");
  if (hpet !== undefined) timers.push({ name: "hpet", present: hpet ? "yes" : "no" });
  // seconds in 32 bits, which may go back
  return { offset: "variable", adjustment: (build.number("rtc_timeoffset") ?? 0) | 0, basis, timers };
}

/** `virtualization` is the feature that a guest without guests of its own lacks. */
export function readCpu(
  build: LibxlReader,
  own: LibxlReader,
  { type }: Os,
  virtualization: "vmx" | "svm",
): Cpu | undefined {
  const numa = readNuma(build);
  const isNested = type === "xen" ? undefined : (build.truth("nested_hvm") ?? own.truth("nested_hvm"));
  const masks = type === "xen" ? [] : readCpuid(build);
  const isHost = isNested !== undefined || masks.length > 0;
  const features = isNested === false ? [{ name: virtualization, policy: "disable" } as const, ...masks] : masks;
  if (!isHost && numa === undefined) return undefined;
  return { ...(isHost ? { mode: "host-passthrough" } : undefined), features, numa };
}

function readNuma(build: LibxlReader): Cpu["numa"] {
  const nodes = build.parts("vnuma_nodes");
  if (nodes.length === 0) return undefined;
  const cells = nodes.map((node, id) => {
    const distances = node.numbers("distances").map((value, other) => ({ id: other, value }));
    return {
      id,
      cpus: node.numbers("vcpus"),
      memory: node.number("memkb") ?? 0,
      distances: distances.length === 0 ? undefined : distances,
    };
  });
  return { cells };
}

/** Xen before 4.18 prints the list itself, later ones put it beside another. */
function readCpuid(build: LibxlReader): Cpu["features"] {
  const entries = [...build.parts("cpuid"), ...build.part("cpuid").parts("cpuid")];
  return entries.flatMap((entry) =>
    REGISTER_NAMES.flatMap((register) =>
      [...(entry.string(register) ?? "")].flatMap((bit, at) => {
        if (bit !== "0" && bit !== "1") return [];
        const name = cpuidFlagAt(entry.number("leaf") ?? 0, entry.number("subleaf"), register, 31 - at);
        return name === undefined
          ? []
          : [{ name: cpuFeatureOfXen(name), policy: bit === "1" ? "force" : "disable" } as const];
      }),
    ),
  );
}
