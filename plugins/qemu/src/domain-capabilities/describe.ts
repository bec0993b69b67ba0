import type { DomainCapabilities, OsCapability } from "@polyvisor/sdk/conf";
import { findMachine, type QemuCapabilities, type VirtType } from "../capabilities/index.js";
import { describeCpu } from "../cpu/capability.js";
import type { CpuKnowledge } from "../cpu/host-model.js";
import type { Firmware } from "../firmware/index.js";
import { matchesTarget } from "../firmware/index.js";
import { describeDevices, type HostDevices } from "./devices.js";
import { describeFeatures, type SevLimits } from "./features.js";

/** The guests that are meant. */
export interface GuestKind {
  readonly arch: string;
  readonly type: VirtType;
  /** By its canonical name. */
  readonly machine: string | undefined;
}

/** What guests depend on beyond their emulator. */
export interface HostMeans extends HostDevices {
  readonly hostArch: string;
  /** What is known of processors; undefined where that is nothing. */
  readonly processors: CpuKnowledge | undefined;
  /** Descriptors of firmware, the best first. */
  readonly firmwares: readonly Firmware[];
  /** Images of firmware that no descriptor tells of. */
  readonly loaders: readonly string[];
  /** Whether a firmware's image is there. */
  isThere(path: string): boolean;
  /** The most virtual CPUs that KVM gives a guest. */
  readonly kvmMaxVcpus: number;
  readonly sev: SevLimits;
}

/** What guests of a kind can have: pure. */
export function describeDomains(caps: QemuCapabilities, kind: GuestKind, host: HostMeans): DomainCapabilities {
  const { arch, type, machine } = kind;
  const most = machine === undefined ? 0 : (findMachine(caps, type, machine)?.maxCpus ?? 0);
  return {
    path: caps.emulator,
    type,
    machine,
    arch,
    maxVcpus: type === "kvm" ? Math.min(most, host.kvmMaxVcpus) : most,
    iothreads: caps.flags.includes("iothread"),
    os: describeOs(kind, host),
    cpu: describeCpu(caps, type, arch, host.hostArch, host.processors),
    ...describeDevices(caps, kind, host),
    features: describeFeatures(caps, kind, host.sev),
  };
}

function describeOs({ arch, machine = "" }: GuestKind, host: HostMeans): OsCapability {
  const fitting = host.firmwares.filter((firmware) => matchesTarget(firmware, arch, machine));
  const kinds = new Set(fitting.flatMap(({ interfaces }) => interfaces));
  const images = fitting.flatMap(({ mapping }) => {
    if (mapping.device === "kernel") return [];
    return mapping.device === "flash" ? mapping.executable.file : mapping.file;
  });
  const isSecure = fitting.some(({ features }) => features.includes("requires-smm"));
  return {
    supported: true,
    enums: { firmware: [...(kinds.has("bios") ? ["bios"] : []), ...(kinds.has("uefi") ? ["efi"] : [])] },
    loader: {
      supported: true,
      values: [...new Set(images.length > 0 ? images : host.loaders)].filter((path) => host.isThere(path)),
      enums: { type: ["rom", "pflash"], readonly: ["yes", "no"], secure: isSecure ? ["yes", "no"] : ["no"] },
    },
  };
}
