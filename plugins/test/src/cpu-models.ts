import type { HostHandlers } from "@polyvisor/core";
import { ARCHITECTURES } from "@polyvisor/sdk/conf/domain";
import { BASELINE_FLAG, baselineOf, formatCpuDefinition, loadCpus, parseCpuList } from "@polyvisor/sdk/cpu";
import { checkFlags, testError } from "./errors.js";

/** Processors: what libvirt's library knows of them, whatever the host. */
export function cpuModelHandlers(): HostHandlers {
  return {
    async connectGetCPUModelNames({ arch, flags }) {
      checkFlags(flags, 0, "testConnectGetCPUModelNames");
      if (!ARCHITECTURES.includes(arch)) {
        throw testError("INVALID_ARG", `cannot find architecture ${arch}`, "x86_64, aarch64 and ppc64 are some");
      }
      return (await loadCpus(arch)).modelNames;
    },
    async connectBaselineCPU({ xmlCPUs, flags }) {
      checkFlags(flags, BASELINE_FLAG.EXPAND_FEATURES, "testConnectBaselineCPU");
      const expand = (flags & BASELINE_FLAG.EXPAND_FEATURES) !== 0;
      return formatCpuDefinition(await baselineOf(parseCpuList(xmlCPUs, "host"), { expand }));
    },
  };
}
