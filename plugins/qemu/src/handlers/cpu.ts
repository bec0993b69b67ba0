import type { HostHandlers } from "@polyvisor/core";
import { ARCHITECTURES } from "@polyvisor/sdk/conf/domain";
import { hostArch } from "@polyvisor/sdk/conf/host";
import {
  BASELINE_FLAG,
  baselineOf,
  COMPARE_FLAG,
  type CpuDefinition,
  comparisonResult,
  formatCpuDefinition,
  isHostCpu,
  loadCpus,
  parseCpuDefinition,
  parseCpuList,
  readCpuDefinition,
  readKnownCpu,
  withNames,
} from "@polyvisor/sdk/cpu";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { chooseEmulator, type EmulatorWish } from "../capabilities/choose.js";
import { accelOf, isX86, type QemuCapabilities, type VirtType } from "../capabilities/index.js";
import { featureFromQemu, isForQemu } from "../cpu/feature-names.js";
import { hostModels } from "../cpu/host-model.js";
import { loadKnowledge } from "../cpu/knowledge.js";
import { usableModels } from "../cpu/usable-models.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";

const COMPARE_FLAGS = COMPARE_FLAG.FAIL_INCOMPATIBLE | COMPARE_FLAG.VALIDATE_XML;
const BASELINE_FLAGS = BASELINE_FLAG.EXPAND_FEATURES | BASELINE_FLAG.MIGRATABLE;

/** Processors: the host's own, and what the emulators make of it. */
export function cpuHandlers(hypervisor: Hypervisor): HostHandlers {
  return {
    async connectGetCPUModelNames({ arch, flags }) {
      checkFlags(flags, 0, "qemuConnectGetCPUModelNames");
      if (!ARCHITECTURES.includes(arch)) {
        throw qemuError("INVALID_ARG", `cannot find architecture ${arch}`, {
          hint: "x86_64, aarch64 and ppc64 are some",
        });
      }
      return (await loadCpus(arch)).modelNames;
    },

    async connectCompareCPU({ xml, flags }) {
      checkFlags(flags, COMPARE_FLAGS, "qemuConnectCompareCPU");
      const host = await readKnownCpu();
      const cpu = await readClientsCpu(xml, flags);
      return compared((await loadCpus(hostArch())).compare(host, cpu), flags);
    },

    async connectBaselineCPU({ xmlCPUs, flags }) {
      checkFlags(flags, BASELINE_FLAGS, "qemuConnectBaselineCPU");
      const cpus = parseCpuList(xmlCPUs, "host");
      const [first] = cpus;
      const arch = first !== undefined && isHostCpu(first) ? first.arch : "none";
      const baseline = await baselineOf(cpus, { migratable: (flags & BASELINE_FLAG.MIGRATABLE) !== 0 });
      const known = withNames(baseline, (name) => isForQemu(arch, name));
      const expand = (flags & BASELINE_FLAG.EXPAND_FEATURES) !== 0;
      return formatCpuDefinition(expand ? (await loadCpus(arch)).expand(known) : known);
    },

    async connectCompareHypervisorCPU({ xmlCPU, flags, ...wish }) {
      checkFlags(flags, COMPARE_FLAGS, "qemuConnectCompareHypervisorCPU");
      const { host, arch } = await emulatedHost(hypervisor, wish);
      if (!isX86(arch)) {
        throw qemuError("OPERATION_UNSUPPORTED", `comparing with the hypervisor CPU is not supported for arch ${arch}`);
      }
      return compared((await loadCpus(arch)).compare(host, await readClientsCpu(xmlCPU, flags)), flags);
    },

    async connectBaselineHypervisorCPU({ xmlCPUs, flags, ...wish }) {
      checkFlags(flags, BASELINE_FLAGS, "qemuConnectBaselineHypervisorCPU");
      const cpus = parseCpuList(xmlCPUs, "any");
      const { caps, arch, type } = await chooseEmulator(hypervisor.capabilities, wish);
      const baseline = await baselineOf(cpus, {
        arch: checkModels(caps, arch, type),
        models: usableModels(caps, type),
        ...featuresOf(caps, type, (flags & BASELINE_FLAG.MIGRATABLE) !== 0),
        expand: (flags & BASELINE_FLAG.EXPAND_FEATURES) !== 0,
      });
      return formatCpuDefinition({ ...baseline, fallback: "forbid" });
    },
  };
}

async function readClientsCpu(xml: string, flags: number): Promise<CpuDefinition> {
  if ((flags & COMPARE_FLAG.VALIDATE_XML) === 0) return parseCpuDefinition(xml);
  return readCpuDefinition(await parseValidXml(xml, "cpu", { explain: readCpuDefinition }));
}

function compared(comparison: Parameters<typeof comparisonResult>[0], flags: number): number {
  return comparisonResult(comparison, (flags & COMPARE_FLAG.FAIL_INCOMPATIBLE) !== 0);
}

/** The host's processor as guests of an emulator can have it; only that of an emulator that tells it. */
async function emulatedHost(hypervisor: Hypervisor, wish: EmulatorWish) {
  const { caps, arch, type } = await chooseEmulator(hypervisor.capabilities, wish);
  const host = hostModels(caps, type, await loadKnowledge(arch))?.reported;
  if (host?.fallback === "forbid") return { host, arch };
  const words = `QEMU '${caps.emulator}' does not support reporting CPU model for virttype '${type}'`;
  throw qemuError("OPERATION_UNSUPPORTED", words);
}

function checkModels(caps: QemuCapabilities, arch: string, type: VirtType): string {
  if (usableModels(caps, type) === undefined) {
    const words = `QEMU '${caps.emulator}' does not support any CPU models for virttype '${type}'`;
    throw qemuError("OPERATION_UNSUPPORTED", words);
  }
  if (isX86(arch)) return arch;
  throw qemuError("OPERATION_UNSUPPORTED", `computing baseline hypervisor CPU is not supported for arch ${arch}`);
}

/** The features that an emulator can give; where it knows which of them can be migrated, nothing else is left out. */
function featuresOf(caps: QemuCapabilities, type: VirtType, migratable: boolean) {
  const properties = accelOf(caps, type)?.hostCpu?.properties;
  if (properties === undefined) return { migratable };
  const tells = properties.some((property) => property.migratable !== undefined);
  const names = properties.filter((property) => !(migratable && property.migratable === false));
  return {
    features: names.map(({ name }) => featureFromQemu(caps.arch, name)),
    migratable: migratable && !tells,
  };
}
