import { type HostHandlers, VirtError } from "@polyvisor/core";
import { ARCHITECTURES } from "@polyvisor/sdk/conf/domain";
import { type DomainCapabilities, formatDomainCapabilities } from "@polyvisor/sdk/conf/domain-capabilities";
import { loadCpus } from "@polyvisor/sdk/cpu";
import { EMULATOR } from "./capabilities.js";
import { DEFAULT_ARCH } from "./config.js";
import { checkFlags, testError } from "./errors.js";
import { MAX_VCPUS } from "./host.js";

/** What guests can have here: nearly everything, as nothing of it is real. */
export function domainCapabilityHandlers(): HostHandlers {
  return {
    async connectGetDomainCapabilities({ emulatorbin, arch, machine, virttype, flags }) {
      checkFlags(flags, 0, "testConnectGetDomainCapabilities");
      if (virttype !== null && virttype !== "test") {
        throw testError("INVALID_ARG", `unknown virttype: ${virttype}`, "there is one: test");
      }
      const guest = arch ?? DEFAULT_ARCH;
      if (!ARCHITECTURES.includes(guest)) {
        throw testError("INVALID_ARG", `unknown architecture: ${guest}`, "i686 and x86_64 are some");
      }
      return formatDomainCapabilities({
        path: emulatorbin ?? EMULATOR,
        machine: machine ?? undefined,
        arch: guest,
        ...OF_ALL,
        cpu: {
          hostPassthrough: { supported: false },
          maximum: { supported: false },
          custom: (await modelsOf(guest)).map((name) => ({ name, usable: "yes" })),
        },
      });
    },
  };
}

/** Nobody knows models of some architectures, nor of any where libvirt's library is not installed. */
async function modelsOf(arch: string): Promise<readonly string[]> {
  try {
    return (await loadCpus(arch)).modelNames;
  } catch (error) {
    if (error instanceof VirtError) return [];
    throw error;
  }
}

const OF_ALL: Omit<DomainCapabilities, "path" | "machine" | "arch" | "cpu"> = {
  type: "test",
  maxVcpus: MAX_VCPUS,
  iothreads: true,
  os: {
    supported: true,
    enums: { firmware: [] },
    loader: {
      supported: true,
      values: [],
      enums: { type: ["rom", "pflash"], readonly: ["yes", "no"], secure: ["no"] },
    },
  },
  memoryBacking: { supported: true, enums: { sourceType: ["file", "anonymous"] } },
  devices: {
    disk: {
      supported: true,
      enums: {
        diskDevice: ["disk", "cdrom", "floppy", "lun"],
        bus: ["ide", "fdc", "scsi", "virtio", "usb", "sata"],
        model: ["virtio", "virtio-transitional", "virtio-non-transitional"],
      },
    },
    graphics: { supported: true, enums: { type: ["sdl", "vnc", "spice"] } },
    video: { supported: true, enums: { modelType: ["vga", "cirrus", "vmvga", "qxl", "virtio", "none"] } },
    hostdev: {
      supported: true,
      enums: {
        mode: ["subsystem"],
        startupPolicy: ["default", "mandatory", "requisite", "optional"],
        subsysType: ["usb", "pci", "scsi"],
        capsType: [],
        pciBackend: [],
      },
    },
    rng: {
      supported: true,
      enums: {
        model: ["virtio", "virtio-transitional", "virtio-non-transitional"],
        backendModel: ["random", "egd", "builtin"],
      },
    },
    filesystem: { supported: true, enums: { driverType: ["path", "handle"] } },
    redirdev: { supported: true, enums: { bus: ["usb"] } },
    channel: { supported: true, enums: { type: ["pty", "unix"] } },
  },
  features: {
    simple: { vmcoreinfo: true, genid: true, backingStoreInput: true, backup: true },
  },
};
