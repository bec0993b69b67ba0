import { constants } from "node:fs";
import { access } from "node:fs/promises";
import type { HostHandlers } from "@polyvisor/core";
import { formatDomainCapabilities } from "@polyvisor/sdk/conf/domain-capabilities";
import { hostArch, readHostFacts } from "@polyvisor/sdk/conf/host";
import { readKvmMaxVcpus, readSevLimits } from "@polyvisor/sdk/cpu";
import { chooseEmulator } from "../capabilities/choose.js";
import { loadKnowledge } from "../cpu/knowledge.js";
import { describeDomains, type HostMeans } from "../domain-capabilities/describe.js";
import { checkFlags } from "../errors.js";
import { DEFAULT_LOADERS, findFirmwares } from "../firmware/index.js";
import type { Hypervisor } from "../hypervisor.js";
import { swtpmVersions } from "../swtpm.js";

/** What guests of an emulator, a machine and an architecture can have. */
export function domainCapabilitiesHandlers(hypervisor: Hypervisor): HostHandlers {
  return {
    async connectGetDomainCapabilities({ emulatorbin, flags, ...wish }) {
      checkFlags(flags, 0, "qemuConnectGetDomainCapabilities");
      const { caps, ...kind } = await chooseEmulator(hypervisor.capabilities, { ...wish, emulator: emulatorbin });
      const host = await findMeans(kind.arch, hypervisor.info.mode === "session");
      return formatDomainCapabilities(describeDomains(caps, kind, host));
    },
  };
}

async function findMeans(arch: string, isSession: boolean): Promise<HostMeans> {
  const [processors, firmwares, versions, hasVfio] = await Promise.all([
    loadKnowledge(arch).catch(() => undefined),
    findFirmwares(isSession),
    swtpmVersions(),
    isThere("/dev/vfio/vfio"),
  ]);
  const images = firmwares.flatMap(({ mapping }) =>
    mapping.device === "flash" ? mapping.executable.file : mapping.file,
  );
  const paths = [...new Set([...images, ...DEFAULT_LOADERS])];
  const there = new Set((await Promise.all(paths.map(async (path) => ((await isThere(path)) ? path : [])))).flat());
  return {
    hostArch: hostArch(),
    processors,
    firmwares,
    loaders: DEFAULT_LOADERS,
    isThere: (path) => there.has(path),
    kvmMaxVcpus: readKvmMaxVcpus() ?? 0,
    sev: readSevLimits(),
    vfio: hasVfio && readHostFacts().iommu,
    swtpmVersions: versions.length > 0 ? versions : undefined,
  };
}

async function isThere(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
