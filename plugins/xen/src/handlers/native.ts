import type { HostHandlers } from "@polyvisor/core";
import { formatDomain } from "@polyvisor/sdk/conf/domain";
import { checkFlags, xenError } from "../errors.js";
import type { XenHypervisor } from "../hypervisor.js";

/** Native configurations, and what domains of a kind may have: loaded when somebody asks. */
export function nativeHandlers(hypervisor: XenHypervisor): HostHandlers {
  return {
    async connectDomainXMLFromNative({ nativeFormat, nativeConfig, flags }) {
      checkFlags(flags, 0, "libxlConnectDomainXMLFromNative");
      const { convertFromNative } = await import("../native/index.js");
      return formatDomain(convertFromNative(nativeFormat, nativeConfig, hypervisor.context), { inactive: true });
    },
    async connectDomainXMLToNative({ nativeFormat, domainXml, flags }) {
      checkFlags(flags, 0, "libxlConnectDomainXMLToNative");
      const { convertToNative } = await import("../native/index.js");
      return convertToNative(nativeFormat, hypervisor.guests.read(domainXml));
    },
    async connectGetDomainCapabilities({ emulatorbin, arch, machine, virttype, flags }) {
      checkFlags(flags, 0, "libxlConnectGetDomainCapabilities");
      const [{ xenDomainCapabilities }, { formatDomainCapabilities }] = await Promise.all([
        import("../conf/index.js"),
        import("@polyvisor/sdk/conf/domain-capabilities"),
      ]);
      const wish = { emulator: emulatorbin, arch, machine, type: virttype };
      const given = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== null));
      return formatDomainCapabilities(xenDomainCapabilities(hypervisor.context.capabilities, given));
    },
    connectCompareCPU({ flags }) {
      checkFlags(flags, 3, "libxlConnectCompareCPU");
      throw xenError("OPERATION_FAILED", "cannot get host CPU capabilities", "Xen tells no model of the host's CPU");
    },
    async connectBaselineCPU({ xmlCPUs, flags }) {
      const cpu = await import("@polyvisor/sdk/cpu");
      const { BASELINE_FLAG, baselineOf, formatCpuDefinition, isHostCpu, loadCpus, parseCpuList } = cpu;
      checkFlags(flags, BASELINE_FLAG.EXPAND_FEATURES | BASELINE_FLAG.MIGRATABLE, "libxlConnectBaselineCPU");
      const cpus = parseCpuList(xmlCPUs, "host");
      const baseline = await baselineOf(cpus, { migratable: (flags & BASELINE_FLAG.MIGRATABLE) !== 0 });
      const [first] = cpus;
      const arch = first !== undefined && isHostCpu(first) ? first.arch : "none";
      const expand = (flags & BASELINE_FLAG.EXPAND_FEATURES) !== 0;
      return formatCpuDefinition(expand ? (await loadCpus(arch)).expand(baseline) : baseline);
    },
  };
}
