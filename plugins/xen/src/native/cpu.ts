import type { Cpu, CpuFeature, Domain } from "@polyvisor/sdk/conf";
import type { NativeReader, NativeSettings } from "./config.js";
import type { NativeContext } from "./context.js";
import { cpuFeatureOfXen, xenCpuFeature } from "./cpu-names.js";
import { refuse } from "./errors.js";
import { parseVnuma } from "./vnuma.js";

const PASSED_THROUGH: Cpu = { mode: "host-passthrough", features: [] };

/** The guest's CPU: guests within the guest, virtual NUMA nodes, features. Undefined where nothing is said about it. */
export function parseCpu(conf: NativeReader, domain: Domain, context: NativeContext): Cpu | undefined {
  const nested = domain.os.type === "hvm" ? parseNested(conf, context) : undefined;
  const cpu = parseVnuma(conf, domain.vcpu.max) ?? nested;
  const cpuid = conf.string("cpuid");
  return cpuid === undefined ? cpu : withFeatures(cpu ?? PASSED_THROUGH, cpuid);
}

function parseNested(conf: NativeReader, { hardwareVirtualization = "vmx" }: NativeContext): Cpu | undefined {
  const nested = conf.boolean("nestedhvm");
  if (nested === undefined) return undefined;
  return nested
    ? PASSED_THROUGH
    : { ...PASSED_THROUGH, features: [{ name: hardwareVirtualization, policy: "disable" }] };
}

const POLICIES: Readonly<Record<string, CpuFeature["policy"]>> = {
  "1": "force",
  "0": "disable",
  x: "optional",
  k: "optional",
  s: "optional",
};

function withFeatures(cpu: Cpu, cpuid: string): Cpu {
  const [first = "", ...pairs] = cpuid.split(",");
  if (first !== "host") {
    const words = `cpuid starting with ${first} is not supported, only libxl format is`;
    refuse("CONF_SYNTAX", words, 'Write cpuid = "host,FEATURE=0,...".');
  }
  const features = [...cpu.features];
  for (const pair of pairs) {
    const feature = parsePair(pair);
    if (features.some((each) => each.name === feature.name)) {
      refuse("INTERNAL_ERROR", `CPU feature '${feature.name}' specified more than once`, "Keep one of them.");
    }
    features.push(feature);
  }
  return { ...cpu, features };
}

function parsePair(pair: string): CpuFeature {
  const equals = pair.indexOf("=");
  if (equals < 0) {
    refuse("CONF_SYNTAX", `Invalid libxl cpuid key=value element: ${pair}`, "Write FEATURE=0 or FEATURE=1.");
  }
  const policy = POLICIES[pair.slice(equals + 1)];
  if (policy === undefined) refuse("CONF_SYNTAX", `Invalid libxl cpuid value: ${pair}`, "Write one of 0, 1, x, k, s.");
  return { name: cpuFeatureOfXen(pair.slice(0, equals)), policy };
}

const VALUES: Readonly<Record<NonNullable<CpuFeature["policy"]>, string>> = {
  force: "1",
  require: "1",
  optional: "x",
  disable: "0",
  forbid: "0",
};

export function formatCpuid({ cpu }: Domain, settings: NativeSettings): void {
  if (cpu?.mode !== "host-passthrough") return;
  const pairs = cpu.features
    // these two have a setting of their own, nestedhvm
    .filter(({ name }) => name !== "vmx" && name !== "svm")
    .map(({ name, policy = "require" }) => `${xenCpuFeature(name)}=${VALUES[policy]}`);
  if (pairs.length > 0) settings.set("cpuid", ["host", ...pairs].join(","));
}
