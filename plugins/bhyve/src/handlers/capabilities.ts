import { join } from "node:path";
import { checkFlags, type HypervisorHandlers } from "@polyvisor/core";
import { formatCapabilities } from "@polyvisor/sdk/conf/capabilities";
import { ARCHITECTURES } from "@polyvisor/sdk/conf/domain";
import { formatDomainCapabilities } from "@polyvisor/sdk/conf/domain-capabilities";
import { BASELINE_FLAG, baselineOf, formatCpuDefinition, isHostCpu, loadCpus, parseCpuList } from "@polyvisor/sdk/cpu";
import { BHYVE } from "../command-line/index.js";
import { bhyveDomainCapabilities } from "../conf/domain-capabilities.js";
import { bhyveError } from "../errors.js";
import type { BackendParts } from "../guest/backend.js";

/** bhyve does not tell; this is what every version of it can do. */
const MAX_VCPUS = 16;

/** What guests can be and have. */
export function capabilityHandlers({ host, capabilities, firmwareFolder }: BackendParts): HypervisorHandlers {
  return {
    connectGetCapabilities: () => formatCapabilities(capabilities),
    connectGetMaxVcpus({ type }) {
      if (type === null || type.toLowerCase() === "bhyve") return MAX_VCPUS;
      throw bhyveError("INVALID_ARG", `unknown type '${type}'`, "the type is bhyve");
    },
    async connectGetDomainCapabilities({ emulatorbin, arch, machine, virttype, flags }) {
      checkFlags(flags, 0, "bhyveConnectGetDomainCapabilities", "BHYVE");
      if (virttype !== null && virttype !== "bhyve")
        throw bhyveError("INVALID_ARG", `unknown virttype: ${virttype}`, "it is bhyve");
      const { path, files } = await host.firmware(firmwareFolder);
      const wish = {
        emulator: emulatorbin ?? BHYVE,
        machine: machine ?? undefined,
        arch: checkArch(arch ?? capabilities.host.arch),
      };
      const firmwares = files.map((name) => join(path, name));
      return formatDomainCapabilities(bhyveDomainCapabilities(wish, host.features.bhyve, firmwares));
    },
    async connectBaselineCPU({ xmlCPUs, flags }) {
      checkFlags(flags, BASELINE_FLAG.EXPAND_FEATURES | BASELINE_FLAG.MIGRATABLE, "bhyveConnectBaselineCPU", "BHYVE");
      const cpus = parseCpuList(xmlCPUs, "host");
      const [first] = cpus;
      const arch = first !== undefined && isHostCpu(first) ? first.arch : "none";
      const baseline = await baselineOf(cpus, { migratable: (flags & BASELINE_FLAG.MIGRATABLE) !== 0 });
      const expand = (flags & BASELINE_FLAG.EXPAND_FEATURES) !== 0;
      return formatCpuDefinition(expand ? (await loadCpus(arch)).expand(baseline) : baseline);
    },
  };
}

function checkArch(arch: string): string {
  if (!ARCHITECTURES.includes(arch)) throw bhyveError("INVALID_ARG", `unknown architecture: ${arch}`, "x86_64 is one");
  if (arch === "x86_64" || arch === "i686") return arch;
  throw bhyveError("NO_SUPPORT", `unsupported architecture: ${arch}`, "guests of bhyve are of x86_64");
}
