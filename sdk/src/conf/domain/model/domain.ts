import type { XmlElement } from "../../../xml/element.js";
import type { Sysinfo } from "../../sysinfo/model.js";
import type { Channel, Console, Parallel, Serial } from "./chardev.js";
import type { Clock } from "./clock.js";
import type { NumberSet, OnOff, YesNo } from "./common.js";
import type { Controller } from "./controller.js";
import type { Cpu } from "./cpu.js";
import type { Disk } from "./disk.js";
import type { Audio, Input, Sound, Video } from "./display.js";
import type { Features } from "./features.js";
import type { Filesystem } from "./filesystem.js";
import type { Graphics } from "./graphics.js";
import type { Hostdev } from "./hostdev.js";
import type { Interface } from "./interface.js";
import type { Os } from "./os.js";
import type {
  Hub,
  Iommu,
  Lease,
  Memballoon,
  MemoryDevice,
  Nvram,
  Panic,
  Redirdev,
  RedirFilter,
  Rng,
  Shmem,
  Smartcard,
  Tpm,
  Vsock,
  Watchdog,
} from "./small-devices.js";
import type { Blkiotune, Cputune, IothreadId, MemoryBacking, Memtune, Numatune, Seclabel } from "./tuning.js";

export type VirtType =
  | "qemu"
  | "kqemu"
  | "kvm"
  | "xen"
  | "lxc"
  | "uml"
  | "openvz"
  | "test"
  | "vmware"
  | "hyperv"
  | "vbox"
  | "phyp"
  | "parallels"
  | "bhyve"
  | "vz"
  | "hvf";

export type LifecycleAction =
  | "destroy"
  | "restart"
  | "rename-restart"
  | "preserve"
  | "coredump-destroy"
  | "coredump-restart";

export interface Vcpus {
  readonly max: number;
  readonly current: number;
  readonly placement: "static" | "auto";
  readonly cpuset?: NumberSet | undefined;
  /** `<vcpus>`: one entry for each of `max`, when they were given one by one. */
  readonly individual?:
    | readonly {
        readonly id: number;
        readonly enabled: YesNo;
        readonly hotpluggable?: YesNo | undefined;
        readonly order?: number | undefined;
      }[]
    | undefined;
}

/** What stands in a hypervisor's own XML namespace (`qemu:commandline`), as its driver keeps it. */
export interface NamespaceData {
  readonly prefix: string;
  readonly uri: string;
  readonly elements: readonly XmlElement[];
}

/** Devices by kind, in the order in which libvirt keeps and prints each kind. */
export interface Devices {
  readonly emulator?: string | undefined;
  readonly disks: readonly Disk[];
  readonly controllers: readonly Controller[];
  readonly leases: readonly Lease[];
  readonly filesystems: readonly Filesystem[];
  readonly interfaces: readonly Interface[];
  readonly smartcards: readonly Smartcard[];
  readonly serials: readonly Serial[];
  readonly parallels: readonly Parallel[];
  readonly consoles: readonly Console[];
  readonly channels: readonly Channel[];
  readonly inputs: readonly Input[];
  readonly tpms: readonly Tpm[];
  readonly graphics: readonly Graphics[];
  readonly sounds: readonly Sound[];
  readonly audios: readonly Audio[];
  readonly videos: readonly Video[];
  readonly hostdevs: readonly Hostdev[];
  readonly redirdevs: readonly Redirdev[];
  readonly redirfilter?: RedirFilter | undefined;
  readonly hubs: readonly Hub[];
  readonly watchdog?: Watchdog | undefined;
  readonly memballoon?: Memballoon | undefined;
  readonly rngs: readonly Rng[];
  readonly nvram?: Nvram | undefined;
  readonly panics: readonly Panic[];
  readonly shmems: readonly Shmem[];
  readonly memories: readonly MemoryDevice[];
  readonly iommu?: Iommu | undefined;
  readonly vsock?: Vsock | undefined;
}

/** A domain's configuration. Memory in KiB. */
export interface Domain {
  readonly type: VirtType;
  /** Of a running domain. */
  readonly id?: number | undefined;
  readonly name: string;
  /** Lower case, with dashes; always there after defaults. */
  readonly uuid: string;
  readonly genid?: { readonly uuid?: string | undefined; readonly generated?: boolean | undefined } | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** The user's own elements, verbatim. */
  readonly metadata?: readonly XmlElement[] | undefined;
  readonly maxMemory?: { readonly size: number; readonly slots: number } | undefined;
  /** Total memory at boot, hot-pluggable devices included (what `<memory>` prints). */
  readonly memory: number;
  readonly dumpCore?: OnOff | undefined;
  /** The balloon's size; never more than `memory`. */
  readonly currentMemory: number;
  readonly blkiotune?: Blkiotune | undefined;
  readonly memtune?: Memtune | undefined;
  readonly memoryBacking?: MemoryBacking | undefined;
  readonly vcpu: Vcpus;
  readonly iothreads: readonly IothreadId[];
  readonly defaultIothread?:
    | { readonly threadPoolMin?: number | undefined; readonly threadPoolMax?: number | undefined }
    | undefined;
  readonly cputune?: Cputune | undefined;
  readonly numatune?: Numatune | undefined;
  readonly resource?: { readonly partition?: string | undefined; readonly appid?: string | undefined } | undefined;
  readonly sysinfos: readonly Sysinfo[];
  readonly bootloader?: string | undefined;
  readonly bootloaderArgs?: string | undefined;
  readonly os: Os;
  readonly idmap?:
    | {
        readonly uid: readonly { readonly start: number; readonly target: number; readonly count: number }[];
        readonly gid: readonly { readonly start: number; readonly target: number; readonly count: number }[];
      }
    | undefined;
  readonly features: Features;
  readonly cpu?: Cpu | undefined;
  readonly clock: Clock;
  readonly onPoweroff: LifecycleAction;
  readonly onReboot: LifecycleAction;
  readonly onCrash: LifecycleAction;
  readonly onLockfailure?: "poweroff" | "restart" | "pause" | "ignore" | undefined;
  readonly pm?: { readonly suspendToMem?: YesNo | undefined; readonly suspendToDisk?: YesNo | undefined } | undefined;
  readonly perf?: readonly { readonly name: string; readonly enabled: YesNo }[] | undefined;
  readonly devices: Devices;
  readonly seclabels: readonly Seclabel[];
  readonly keywrap?: { readonly aes?: OnOff | undefined; readonly dea?: OnOff | undefined } | undefined;
  readonly launchSecurity?: LaunchSecurity | undefined;
  readonly namespace?: NamespaceData | undefined;
}

export type LaunchSecurity =
  | {
      readonly type: "sev";
      readonly kernelHashes?: YesNo | undefined;
      readonly cbitpos?: number | undefined;
      readonly reducedPhysBits?: number | undefined;
      readonly policy: number;
      readonly dhCert?: string | undefined;
      readonly session?: string | undefined;
    }
  | { readonly type: "s390-pv" };

/** Every kind of device; `kind` tells them apart. */
export type Device =
  | Disk
  | Controller
  | Lease
  | Filesystem
  | Interface
  | Smartcard
  | Serial
  | Parallel
  | Console
  | Channel
  | Input
  | Tpm
  | Graphics
  | Sound
  | Audio
  | Video
  | Hostdev
  | Redirdev
  | Hub
  | Watchdog
  | Memballoon
  | Rng
  | Nvram
  | Panic
  | Shmem
  | MemoryDevice
  | Iommu
  | Vsock;

export type DeviceKind = Device["kind"];
