import { VirtError } from "@polyvisor/core";
import type { Capabilities, CapabilitySection, DomainCapabilities, OsCapability } from "@polyvisor/sdk/conf";
import { ARCHITECTURES } from "@polyvisor/sdk/conf/domain";
import { firmwareFolderOf } from "./capabilities.js";

/** What a client asks about; as it wrote it, unchecked. */
export interface DomainCapabilitiesWish {
  readonly emulator?: string | undefined;
  readonly arch?: string | undefined;
  readonly machine?: string | undefined;
  readonly type?: string | undefined;
}

const MACHINES: readonly string[] = ["xenpv", "xenpvh", "xenfv"];
/** Xen does not say them; these are what its interfaces hold. */
const HVM_MAX_VCPUS = 128;
const PV_MAX_VCPUS = 512;

/** Throws `INVALID_ARG` for what Xen is not. */
export function xenDomainCapabilities(capabilities: Capabilities, wish: DomainCapabilitiesWish): DomainCapabilities {
  const { type = "xen", arch = capabilities.host.arch, machine = "xenpv" } = wish;
  if (type !== "xen") refuse(`unknown virttype: ${type}`, "Use xen.");
  if (!ARCHITECTURES.includes(arch)) refuse(`unknown architecture: ${arch}`, `This host is ${capabilities.host.arch}.`);
  if (!MACHINES.includes(machine)) {
    refuse("Xen only supports 'xenpv', 'xenpvh' and 'xenfv' machines", `There is no machine ${machine}.`);
  }
  return {
    path: wish.emulator ?? "/usr/bin/qemu-system-x86_64",
    type: "xen",
    machine,
    arch,
    maxVcpus: machine === "xenfv" ? HVM_MAX_VCPUS : PV_MAX_VCPUS,
    iothreads: false,
    os: osCapability(machine, firmwareFolderOf(capabilities)),
    cpu: { hostPassthrough: { supported: false }, maximum: { supported: false }, custom: [] },
    devices: {
      disk: { supported: true, enums: { diskDevice: ["disk", "cdrom"], bus: ["ide", "scsi", "xen"], model: [] } },
      graphics: { supported: true, enums: { type: ["sdl", "vnc", "spice"] } },
      video: { supported: true, enums: { modelType: ["vga", "cirrus", "xen"] } },
      hostdev: machine === "xenpvh" ? undefined : HOSTDEV,
    },
    features: { gic: { supported: false }, simple: { vmcoreinfo: false, genid: false } },
  };
}

const HOSTDEV: CapabilitySection<"mode" | "startupPolicy" | "subsysType" | "capsType" | "pciBackend"> = {
  supported: true,
  enums: {
    mode: ["subsystem"],
    startupPolicy: ["default", "mandatory", "requisite", "optional"],
    subsysType: ["usb", "pci"],
    capsType: [],
    pciBackend: ["xen"],
  },
};

function osCapability(machine: string, firmwareFolder: string): OsCapability {
  if (machine !== "xenfv") return { supported: true, enums: {}, loader: { supported: false } };
  const values = [`${firmwareFolder}/ovmf.bin`, `${firmwareFolder}/hvmloader`];
  return {
    supported: true,
    enums: {},
    loader: { supported: true, values, enums: { type: ["rom", "pflash"], readonly: ["yes"] } },
  };
}

function refuse(detail: string, hint: string): never {
  throw new VirtError("INVALID_ARG", detail, { domain: "LIBXL", hint });
}
