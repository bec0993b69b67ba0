import type { DomainCapabilities } from "@polyvisor/sdk/conf";
import { USB_CONTROLLERS } from "../capabilities/flags.js";
import { has, type QemuCapabilities, type QemuFlag } from "../capabilities/index.js";
import { hasBuiltinIde, isPseries } from "../conf/machine.js";
import type { GuestKind } from "./describe.js";

/** What devices depend on beyond the emulator. */
export interface HostDevices {
  /** Whether PCI devices of the host can be given to guests. */
  readonly vfio: boolean;
  /** The versions of TPMs that swtpm can set up; undefined where it is not installed. */
  readonly swtpmVersions: readonly string[] | undefined;
}

/** Values in libvirt's order, some of them only where the emulator has a flag. */
type Values = readonly (string | readonly [value: string, flag: QemuFlag])[];

const GRAPHICS: Values = [
  ["sdl", "sdl"],
  ["vnc", "vnc"],
  ["spice", "spice"],
  ["egl-headless", "egl-headless"],
  ["dbus", "display-dbus"],
];
const VIDEOS: Values = [
  ["vga", "VGA"],
  ["cirrus", "cirrus-vga"],
  ["vmvga", "vmware-svga"],
  ["qxl", "qxl"],
  ["virtio", "virtio-gpu"],
  "none",
  ["bochs", "bochs-display"],
  ["ramfb", "ramfb"],
];
const TRANSITIONAL = "virtio-pci-non-transitional";
const VIRTIO_MODELS: Values = [
  "virtio",
  ["virtio-transitional", TRANSITIONAL],
  ["virtio-non-transitional", TRANSITIONAL],
];
const RNG_BACKENDS: Values = [
  ["random", "rng-random"],
  ["egd", "rng-egd"],
  ["builtin", "rng-builtin"],
];
const TPM_MODELS: Values = [
  ["tpm-tis", "tpm-tis"],
  ["tpm-crb", "tpm-crb"],
  ["tpm-spapr", "tpm-spapr"],
  ["spapr-tpm-proxy", "spapr-tpm-proxy"],
];

export function describeDevices(
  caps: QemuCapabilities,
  kind: GuestKind,
  host: HostDevices,
): Pick<DomainCapabilities, "memoryBacking" | "devices"> {
  const can = (flag: QemuFlag) => has(caps, flag);
  const those = (values: Values) =>
    values.flatMap((each) => (typeof each === "string" ? each : can(each[1]) ? each[0] : []));
  const yes = <E>(enums: E) => ({ supported: true, enums }) as const;
  return {
    memoryBacking: yes({ sourceType: those(["file", "anonymous", ["memfd", "memory-backend-memfd"]]) }),
    devices: {
      disk: yes({ ...diskOf(kind, those), model: those(VIRTIO_MODELS) }),
      graphics: yes({ type: those(GRAPHICS) }),
      video: yes({ modelType: those(VIDEOS) }),
      hostdev: yes({
        mode: ["subsystem"],
        startupPolicy: ["default", "mandatory", "requisite", "optional"],
        subsysType: [...(USB_CONTROLLERS.some(can) ? ["usb"] : []), "pci", "scsi"],
        capsType: [],
        pciBackend: host.vfio && can("vfio-pci") ? ["default", "vfio"] : [],
      }),
      rng: yes({ model: can("virtio-rng") ? those(VIRTIO_MODELS) : [], backendModel: those(RNG_BACKENDS) }),
      filesystem: yes({ driverType: those(["path", "handle", ["virtiofs", "vhost-user-fs"]]) }),
      tpm: tpmOf(those, host),
      redirdev: can("usb-redir") ? yes({ bus: ["usb"] }) : { supported: false },
      channel: yes({ type: those(["pty", "unix", ["spicevmc", "spice"]]) }),
    },
  };
}

type Chosen = (values: Values) => readonly string[];

function diskOf({ arch, machine }: GuestKind, those: Chosen) {
  const board = { os: { arch, machine } } as const;
  const floppies = !isPseries(board);
  return {
    diskDevice: ["disk", "cdrom", ...(floppies ? ["floppy"] : []), "lun"],
    bus: [
      ...(hasBuiltinIde(board) ? ["ide"] : []),
      ...(floppies ? ["fdc"] : []),
      ...those(["scsi", "virtio", ["usb", "usb-storage"], ["sata", "ich9-ahci"]]),
    ],
  };
}

function tpmOf(those: Chosen, { swtpmVersions }: HostDevices): DomainCapabilities["devices"]["tpm"] {
  const model = those(TPM_MODELS);
  if (model.length === 0) return { supported: false };
  const emulated: Values =
    swtpmVersions === undefined
      ? []
      : [
          ["emulator", "tpm-emulator"],
          ["external", "tpm-emulator"],
        ];
  const backendModel = those([["passthrough", "tpm-passthrough"], ...emulated]);
  const versions = swtpmVersions ?? [];
  return {
    supported: true,
    enums: { model, backendModel, ...(versions.length > 0 ? { backendVersion: versions } : {}) },
  };
}
