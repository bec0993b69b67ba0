import { hostname } from "node:os";
import type { ConnectHandlers } from "@polyvisor/core";
import { formatCapabilities } from "@polyvisor/sdk/conf/capabilities";
import { hostArch, nodeInfo, readHostFacts, readHostShape } from "@polyvisor/sdk/conf/host";
import { freeMemory, readHostUuid } from "@polyvisor/sdk/host";
import type { Machines } from "../machine/machines.js";
import type { VBoxManage } from "../manage/index.js";

/** What VirtualBox takes where it does not say how many processors a machine may have. */
const MAX_CPUS = 32;

/** VirtualBox and the host that it runs on. */
export function connectHandlers({ manage }: Machines): ConnectHandlers {
  return {
    connectGetType: () => "VBOX",
    connectGetVersion: () => manage.version(),
    connectGetHostname: () => hostname(),
    connectGetMaxVcpus: () => maxCpus(manage),
    connectGetCapabilities: () => capabilities(),
    nodeGetInfo: () => nodeInfo(readHostShape()),
    nodeGetFreeMemory: () => freeMemory(),
  };
}

/** The most processors that a machine may have. */
export async function maxCpus(manage: VBoxManage): Promise<number> {
  const [properties] = await manage.list("systemproperties");
  return Number(properties?.get("Maximum guest CPU count")) || MAX_CPUS;
}

/** The most memory that a machine may have, in KiB. */
export async function maxMemory(manage: VBoxManage): Promise<number> {
  const [properties] = await manage.list("systemproperties");
  const [, megabytes] = /^(\d+) Megabytes$/.exec(properties?.get("Maximum guest RAM size") ?? "") ?? [];
  return Number(megabytes ?? 4096) * 1024;
}

async function capabilities(): Promise<string> {
  const { arch, pageSizes, iommu, nodes } = readHostFacts();
  return formatCapabilities({
    host: {
      uuid: await readHostUuid(),
      arch,
      pageSizes,
      powerManagement: [],
      iommu,
      topology: nodes,
      securityModels: [],
    },
    guests: [
      { osType: "hvm", arch: hostArch(), wordsize: 64, machines: [], domains: [{ type: "vbox" }], features: [] },
    ],
  });
}
