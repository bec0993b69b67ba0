import type { ConnectHandlers } from "@polyvisor/core";
import { formatCapabilities, type GuestCapability } from "@polyvisor/sdk/conf/capabilities";
import { hypervError } from "../errors.js";
import type { Server } from "../server.js";
import type { Instance } from "../wmi/instance.js";
import type { Wmi } from "../wmi/wmi.js";
import { associators, select } from "../wmi/wql.js";

const SYSTEM = "Win32_ComputerSystem";

/** The host that machines run on. */
export function hostHandlers(server: Server): ConnectHandlers {
  const { wmi, version } = server;
  return {
    connectGetType: () => "Hyper-V",
    connectGetVersion: () => packedVersion(version),
    connectGetHostname: async () => (await one(wmi, SYSTEM)).required("DNSHostName"),
    connectGetMaxVcpus: () => maxVcpus(wmi),
    connectGetCapabilities: () => capabilities(wmi),
    nodeGetInfo: () => nodeInfo(wmi),
    nodeGetFreeMemory: async () => (await one(wmi, "Win32_OperatingSystem")).number("FreePhysicalMemory") * 1024,
  };
}

/** The one object of a class that every server has. */
export async function one(wmi: Wmi, className: string): Promise<Instance> {
  const [found] = await wmi.query(className, select(className));
  if (found !== undefined) return found;
  throw hypervError("INTERNAL_ERROR", `Could not look up ${className}`, "the user may lack rights on the server");
}

/** The most processors that a machine may have. */
export async function maxVcpus(wmi: Wmi): Promise<number> {
  const className = "Msvm_ProcessorSettingData";
  const where = "InstanceID LIKE 'Microsoft:Definition%Maximum'";
  const [found] = await wmi.query(className, select(className, where));
  if (found !== undefined) return found.number("VirtualQuantity");
  throw hypervError("INTERNAL_ERROR", "Could not get maximum definition of Msvm_ProcessorSettingData");
}

/** Builds have five digits, for which libvirt makes place: 10.0.17763 is 1000.17.763. */
export function packedVersion(version: string): number {
  const match = /^(\d{1,2})\.(\d{1,2})\.(\d{1,6})(?!\d)/.exec(version);
  if (match === null) throw hypervError("INTERNAL_ERROR", `Could not parse version from '${version}'`);
  const [major, minor, micro] = match.slice(1).map(Number) as [number, number, number];
  return major * 100_000_000 + minor * 1_000_000 + micro;
}

async function capabilities(wmi: Wmi): Promise<string> {
  const uuid = (await one(wmi, "Win32_ComputerSystemProduct")).required("UUID").toLowerCase();
  const guest = (arch: string, wordsize: 32 | 64): GuestCapability => ({
    osType: "hvm",
    arch,
    wordsize,
    domains: [{ type: "hyperv" }],
    features: [],
  });
  const host = { uuid, arch: "x86_64", pageSizes: [], powerManagement: [], iommu: false, securityModels: [] };
  return formatCapabilities({
    host: { ...host, migration: { live: true, uriTransports: [] } },
    guests: [guest("i686", 32), guest("x86_64", 64)],
  });
}

async function nodeInfo(wmi: Wmi) {
  const system = await one(wmi, SYSTEM);
  const of = { className: SYSTEM, keys: { Name: system.required("Name") } };
  const query = associators(of, "Win32_Processor", "Win32_ComputerSystemProcessor");
  const processors = await wmi.query("Win32_Processor", query);
  const [first] = processors;
  if (first === undefined) {
    throw hypervError("INTERNAL_ERROR", `Could not look up processor(s) on '${system.required("Name")}'`);
  }
  const cores = first.number("NumberOfCores");
  return {
    model: shortModel(first.text("Name") ?? ""),
    memory: Math.floor(system.number("TotalPhysicalMemory") / 1024),
    cpus: processors.length * cores,
    mhz: first.number("MaxClockSpeed"),
    nodes: 1,
    sockets: processors.length,
    cores,
    threads: cores > 0 ? Math.floor(first.number("NumberOfLogicalProcessors") / cores) : 0,
  };
}

const MODEL_MAX = 31;

/** The name has 31 bytes on the wire: what says nothing, and the speed, are left out. */
function shortModel(model: string): string {
  const short = model.replace(/ @ .*$/s, "").replaceAll(/\((?:R|C|TM)\)/g, "");
  return Buffer.from(short.replaceAll(/ {2,}/g, " ")).subarray(0, MODEL_MAX).toString();
}
