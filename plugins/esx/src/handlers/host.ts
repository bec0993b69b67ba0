import type { HypervisorHandlers } from "@polyvisor/core";
import { formatCapabilities } from "@polyvisor/sdk/conf/capabilities";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";

/** The host that machines run on. */
export function hostHandlers({ facts, primary }: Server): HypervisorHandlers {
  return {
    connectGetType: () => "ESX",
    connectGetVersion: () => primary.session.service.productVersion,
    async connectGetHostname() {
      const names = await facts.now("config.network.dnsConfig.hostName", "config.network.dnsConfig.domainName");
      const host = names.text("config.network.dnsConfig.hostName") ?? "";
      if (host === "") throw esxError("INTERNAL_ERROR", "Missing or empty 'hostName' property");
      const domain = names.text("config.network.dnsConfig.domainName") ?? "";
      return domain === "" ? host : `${host}.${domain}`;
    },
    connectGetCapabilities: async () => formatCapabilities(await facts.capabilities()),
    async nodeGetInfo() {
      const found = await facts.now(
        "hardware.cpuInfo.hz",
        "hardware.cpuInfo.numCpuCores",
        "hardware.cpuInfo.numCpuPackages",
        "hardware.cpuInfo.numCpuThreads",
        "hardware.memorySize",
        "hardware.numaInfo.numNodes",
        "summary.hardware.cpuModel",
      );
      const count = (name: string): number => Math.trunc(found.number(name) ?? 0);
      const [cores, packages] = [count("hardware.cpuInfo.numCpuCores"), count("hardware.cpuInfo.numCpuPackages")];
      return {
        model: shortModel(found.text("summary.hardware.cpuModel") ?? ""),
        memory: Math.floor(count("hardware.memorySize") / 1024),
        cpus: cores,
        mhz: Math.floor(count("hardware.cpuInfo.hz") / 1_000_000),
        nodes: count("hardware.numaInfo.numNodes"),
        sockets: packages,
        cores: packages > 0 ? Math.floor(cores / packages) : 0,
        threads: cores > 0 ? Math.floor(count("hardware.cpuInfo.numCpuThreads") / cores) : 0,
      };
    },
    async nodeGetFreeMemory() {
      const found = await facts.now("summary.quickStats.overallMemoryUsage", "hardware.memorySize");
      const used = found.requiredNumber("summary.quickStats.overallMemoryUsage") * 1_048_576;
      return found.requiredNumber("hardware.memorySize") - used;
    },
  };
}

const MODEL_MAX = 31;

/** The name has 31 bytes on the wire: what says nothing is left out. */
function shortModel(model: string): string {
  return Buffer.from(model.replaceAll(/\((?:R|C|TM)\)/g, "").replaceAll(/ {2,}/g, " "))
    .subarray(0, MODEL_MAX)
    .toString();
}
