/**
 * What an emulator can do, in libvirt's names: they stand in status files (`<qemuCaps><flag name=''/>`), so they never change.
 *
 * Each table says which reply of the probe a flag comes from. Where the flag is called like the thing that is
 * looked for, the table is a list.
 */

/** The QOM types of USB controllers, also flags under their own name. */
export const USB_CONTROLLERS = [
  "piix3-usb-uhci",
  "piix4-usb-uhci",
  "usb-ehci",
  "ich9-usb-ehci1",
  "vt82c686b-usb-uhci",
  "pci-ohci",
  "nec-usb-xhci",
  "qemu-xhci",
] as const;

/** QOM types (`qom-list-types`) that are flags under their own name. */
const PLAIN_TYPES = [
  "hda-duplex",
  "hda-micro",
  "hda-output",
  ...USB_CONTROLLERS,
  "usb-redir",
  "usb-hub",
  "usb-serial",
  "usb-storage",
  "usb-kbd",
  "usb-audio",
  "ich9-ahci",
  "virtio-scsi-pci",
  "megasas",
  "mptsas1068",
  "pvscsi",
  "dc390",
  "am53c974",
  "scsi-block",
  "qxl",
  "VGA",
  "cirrus-vga",
  "vmware-svga",
  "bochs-display",
  "ramfb",
  "virtio-vga",
  "virtio-vga-gl",
  "virtio-gpu-gl-pci",
  "virtio-gpu-ccw",
  "vhost-user-gpu",
  "vhost-user-vga",
  "vhost-user-blk",
  "rng-random",
  "rng-egd",
  "rng-builtin",
  "pci-bridge",
  "pcie-root-port",
  "pcie-pci-bridge",
  "ioh3420",
  "x3130-upstream",
  "xio3130-downstream",
  "pxb",
  "pxb-pcie",
  "gpex-pcihost",
  "mch",
  "i8042",
  "vfio-pci",
  "vfio-ccw",
  "vfio-ap",
  "vhost-scsi",
  "virtio-mmio",
  "ich9-intel-hda",
  "pvpanic",
  "iothread",
  "thread-context",
  "ivshmem",
  "ivshmem-plain",
  "ivshmem-doorbell",
  "pc-dimm",
  "nvdimm",
  "virtio-pmem-pci",
  "virtio-mem-pci",
  "virtio-iommu-pci",
  "intel-iommu",
  "memory-backend-memfd",
  "pci-serial",
  "isa-serial",
  "spapr-vty",
  "sclplmconsole",
  "pl011",
  "rtl8139",
  "e1000",
  "vmcoreinfo",
  "vmgenid",
  "virtio-keyboard-ccw",
  "virtio-mouse-ccw",
  "virtio-tablet-ccw",
  "pr-manager-helper",
  "sev-guest",
  "s390-pv-guest",
  "sgx-epc",
  "zpci",
  "dbus-vmstate",
  "input-linux",
  "tpm-spapr",
  "spapr-tpm-proxy",
  "spapr-pci-host-bridge",
] as const;

/** QOM types whose flag has another name; any one of the types is enough. */
const NAMED_TYPES = {
  "ccid-emulated": ["ccid-card-emulated"],
  "ccid-passthru": ["ccid-card-passthru"],
  "dmi-to-pci-bridge": ["i82801b11-bridge"],
  lsi: ["lsi53c895a"],
  "virtio-rng": ["virtio-rng-pci", "virtio-rng-ccw", "virtio-rng-device"],
  "virtio-net": ["virtio-net-pci", "virtio-net-ccw", "virtio-net-device"],
  "virtio-gpu": ["virtio-gpu-pci", "virtio-gpu-device"],
  "virtio-scsi-pci": ["virtio-scsi-ccw", "virtio-scsi-device"],
  "virtio-keyboard": ["virtio-keyboard-pci", "virtio-keyboard-device"],
  "virtio-mouse": ["virtio-mouse-pci", "virtio-mouse-device"],
  "virtio-tablet": ["virtio-tablet-pci", "virtio-tablet-device"],
  "virtio-input-host": ["virtio-input-host-pci", "virtio-input-host-device"],
  "virtio-pci-non-transitional": ["virtio-blk-pci-non-transitional", "virtio-net-pci-non-transitional"],
  "vhost-vsock": ["vhost-vsock-device"],
  "vhost-user-fs": ["vhost-user-fs-device"],
  "virtio-ccw": ["virtio-blk-ccw"],
  "s390-sclp": ["sclpconsole"],
  nvram: ["spapr-nvram"],
  "x86-max-cpu": ["max-x86_64-cpu"],
  "arm-max-cpu": ["max-arm-cpu"],
  "machine-vmport-opt": ["vmport"],
  tcg: ["tcg-accel"],
} as const;

/** QMP commands that are flags under their own name. */
const PLAIN_COMMANDS = [
  "rtc-reset-reinjection",
  "query-hotpluggable-cpus",
  "query-cpu-model-expansion",
  "query-cpu-model-baseline",
  "query-cpu-model-comparison",
  "query-cpu-definitions",
  "block-export-add",
  "blockdev-reopen",
  "set-action",
  "query-dirty-rate",
  "calc-dirty-rate",
  "sev-inject-launch-secret",
  "query-stats",
  "query-stats-schemas",
] as const;

const NAMED_COMMANDS = { vnc: ["query-vnc"] } as const;

/** Paths into the QMP schema, in the notation of schema.ts. */
const SCHEMA_PATHS = {
  vxhs: "blockdev-add/arg-type/+vxhs",
  "migration-file-drop-cache": "blockdev-add/arg-type/+file/drop-cache",
  "drive-nvme": "blockdev-add/arg-type/+nvme",
  "aio.io_uring": "blockdev-add/arg-type/+file/aio/^io_uring",
  "rbd-encryption": "blockdev-add/arg-type/+rbd/encrypt",
  "blockdev.nbd.tls-hostname": "blockdev-add/arg-type/+nbd/tls-hostname",
  "blockdev-snapshot.allow-write-only-overlay": "blockdev-snapshot/$allow-write-only-overlay",
  "chardev-reconnect": "chardev-add/arg-type/backend/+socket/data/reconnect",
  "chardev.qemu-vdagent": "chardev-add/arg-type/backend/+qemu-vdagent",
  "device.json+hotplug": "device_add/$json-cli-hotplug",
  "migration-param.block-bitmap-mapping": "migrate-set-parameters/arg-type/block-bitmap-mapping/bitmaps/transform",
  "migration.blocked-reasons": "query-migrate/ret-type/blocked-reasons",
  "nbd-tls": "nbd-server-start/arg-type/tls-creds",
  "nbd-bitmap": "nbd-server-add/arg-type/bitmap",
  "netdev.stream": "netdev_add/arg-type/+stream",
  "netdev.vhost-vdpa": "netdev_add/arg-type/+vhost-vdpa",
  "netdev.json": "netdev_add/arg-type/type/^dgram",
  "object.qapified": "object-add/arg-type/qom-type/^secret",
  "sev-guest-kernel-hashes": "object-add/arg-type/+sev-guest/kernel-hashes",
  "iothread.thread-pool-max": "object-add/arg-type/+iothread/thread-pool-max",
  "iothread.poll-max-ns": "query-iothreads/ret-type/poll-max-ns",
  sdl: "query-display-options/ret-type/+sdl",
  "egl-headless": "query-display-options/ret-type/+egl-headless",
  "egl-headless.rendernode": "query-display-options/ret-type/+egl-headless/rendernode",
  "display-dbus": "query-display-options/ret-type/+dbus",
  "smp-dies": "query-hotpluggable-cpus/ret-type/props/die-id",
  "query-named-block-nodes.flat": "query-named-block-nodes/arg-type/flat",
  screendump_device: "screendump/arg-type/device",
  "screenshot-format-png": "screendump/arg-type/format/^png",
  "numa.hmat": "set-numa-node/arg-type/+hmat-lb",
  "dirtyrate-param.mode": "calc-dirty-rate/arg-type/mode",
} as const;

/** Properties of devices (`device-list-properties`): device, property, flag. */
const DEVICE_PROPERTIES = [
  ["virtio-blk-pci", "scsi", "virtio-blk-pci.scsi"],
  ["virtio-blk-pci", "queue-size", "virtio-blk.queue-size"],
  ["virtio-blk-pci", "acpi-index", "acpi-index"],
  ["virtio-net-pci", "acpi-index", "acpi-index"],
  ["virtio-net-pci", "rss", "virtio-net.rss"],
  ["virtio-scsi-pci", "acpi-index", "acpi-index"],
  ["virtio-balloon-pci", "deflate-on-oom", "virtio-balloon-pci.deflate-on-oom"],
  ["virtio-balloon-pci", "free-page-reporting", "virtio-balloon.free-page-reporting"],
  ["virtio-gpu-pci", "virgl", "virtio-gpu.virgl"],
  ["virtio-iommu-pci", "boot-bypass", "virtio-iommu.boot-bypass"],
  ["virtio-mem-pci", "prealloc", "virtio-mem-pci.prealloc"],
  ["vhost-user-fs-device", "bootindex", "vhost-user-fs.bootindex"],
  ["vfio-pci", "display", "vfio-pci.display"],
  ["scsi-hd", "channel", "scsi-disk.channel"],
  ["scsi-hd", "wwn", "scsi-disk.wwn"],
  ["scsi-hd", "rotation_rate", "rotation-rate"],
  ["ide-hd", "wwn", "ide-drive.wwn"],
  ["PIIX4_PM", "disable_s3", "disable-s3"],
  ["PIIX4_PM", "disable_s4", "disable-s4"],
  ["PIIX4_PM", "acpi-root-pci-hotplug", "piix4.acpi-root-pci-hotplug"],
  ["ICH9-LPC", "disable_s3", "ich9-disable-s3"],
  ["ICH9-LPC", "disable_s4", "ich9-disable-s4"],
  ["usb-redir", "filter", "usb-redir.filter"],
  ["usb-storage", "removable", "usb-storage.removable"],
  ["usb-host", "hostdevice", "usb-host.hostdevice"],
  ["usb-host", "guest-resets-all", "usb-host.guest-resets-all"],
  ["kvm-pit", "lost_tick_policy", "kvm-pit-lost-tick-policy"],
  ["VGA", "vgamem_mb", "VGA.vgamem_mb"],
  ["vmware-svga", "vgamem_mb", "vmware-svga.vgamem_mb"],
  ["qxl", "vgamem_mb", "qxl.vgamem_mb"],
  ["qxl", "vram64_size_mb", "qxl.vram64_size_mb"],
  ["intel-iommu", "intremap", "intel-iommu.intremap"],
  ["intel-iommu", "caching-mode", "intel-iommu.caching-mode"],
  ["intel-iommu", "eim", "intel-iommu.eim"],
  ["intel-iommu", "device-iotlb", "intel-iommu.device-iotlb"],
  ["intel-iommu", "aw-bits", "intel-iommu.aw-bits"],
  ["mch", "extended-tseg-mbytes", "mch.extended-tseg-mbytes"],
  ["nvdimm", "unarmed", "nvdimm.unarmed"],
  ["pcie-root-port", "hotplug", "pcie-root-port.hotplug"],
  ["spapr-pci-host-bridge", "numa_node", "spapr-pci-host-bridge.numa_node"],
] as const;

/** Properties of other objects (`qom-list-properties`): type, property, flag. */
const OBJECT_PROPERTIES = [
  ["memory-backend-file", "pmem", "memory-backend-file.pmem"],
  [
    "memory-backend-file",
    "x-use-canonical-path-for-ramblock-id",
    "memory-backend-file.x-use-canonical-path-for-ramblock-id",
  ],
  ["memory-backend-file", "reserve", "memory-backend-file.reserve"],
  ["memory-backend-file", "prealloc-threads", "memory-backend-file.prealloc-threads"],
  ["memory-backend-memfd", "hugetlb", "memory-backend-memfd.hugetlb"],
  ["max-x86_64-cpu", "unavailable-features", "cpu-unavailable-features"],
  ["max-x86_64-cpu", "kvm-no-adjvtime", "cpu.kvm-no-adjvtime"],
  ["max-x86_64-cpu", "migratable", "cpu.migratable"],
  ["none-machine", "confidential-guest-support", "confidential-guest-support"],
  ["spapr-machine", "cap-hpt-max-page-size", "machine.pseries.cap-hpt-max-page-size"],
  ["spapr-machine", "cap-htm", "machine.pseries.cap-htm"],
  ["spapr-machine", "cap-nested-hv", "machine.pseries.cap-nested-hv"],
  ["spapr-machine", "cap-ccf-assist", "machine.pseries.cap-ccf-assist"],
  ["spapr-machine", "cap-cfpc", "machine.pseries.cap-cfpc"],
  ["spapr-machine", "cap-sbbc", "machine.pseries.cap-sbbc"],
  ["spapr-machine", "cap-ibs", "machine.pseries.cap-ibs"],
  ["virt-machine", "iommu", "machine.virt.iommu"],
] as const;

/** Options that `query-command-line-options` knows: option, its parameter (null: the option itself), flag. */
const COMMAND_LINE_OPTIONS = [
  ["fsdev", "multidevs", "fsdev.multidevs"],
  ["machine", "hpet", "machine-hpet"],
  ["sandbox", null, "seccomp-sandbox"],
  ["spice", null, "spice"],
  ["spice", "gl", "spice-gl"],
  ["spice", "rendernode", "spice-rendernode"],
  ["vnc", "power-control", "vnc-power-control"],
] as const;

const TPM_MODELS = ["tpm-tis", "tpm-crb", "tpm-spapr"] as const;
const TPM_BACKENDS = { passthrough: "tpm-passthrough", emulator: "tpm-emulator" } as const;

/** Flags that follow from the architecture, the version or other flags; see derive.ts. */
type DerivedFlag =
  | "kvm"
  | "hvf"
  | "no-acpi"
  | "no-hpet"
  | "enable-fips"
  | "cpu-cache"
  | "cpu-max"
  | "canonical-cpu-features"
  | "incremental-backup"
  | "compat-deprecated"
  | "migrate-rdma"
  | "virtio-blk-pci.scsi.default.disabled"
  | "chardev.json"
  | "ncr53c90"
  | "aarch64-off"
  | "gic-version"
  | "aes-key-wrap"
  | "dea-key-wrap"
  | "loadparm";

export type QemuFlag =
  | (typeof PLAIN_TYPES)[number]
  | keyof typeof NAMED_TYPES
  | (typeof PLAIN_COMMANDS)[number]
  | keyof typeof NAMED_COMMANDS
  | keyof typeof SCHEMA_PATHS
  | (typeof DEVICE_PROPERTIES)[number][2]
  | (typeof OBJECT_PROPERTIES)[number][2]
  | (typeof COMMAND_LINE_OPTIONS)[number][2]
  | (typeof TPM_MODELS)[number]
  | (typeof TPM_BACKENDS)[keyof typeof TPM_BACKENDS]
  | DerivedFlag;

export const FLAG_SOURCES = {
  types: [...PLAIN_TYPES.map((name) => [name, [name]] as const), ...entries(NAMED_TYPES)],
  commands: [...PLAIN_COMMANDS.map((name) => [name, [name]] as const), ...entries(NAMED_COMMANDS)],
  schema: entries(SCHEMA_PATHS),
  deviceProperties: DEVICE_PROPERTIES,
  objectProperties: OBJECT_PROPERTIES,
  commandLineOptions: COMMAND_LINE_OPTIONS,
  tpmModels: TPM_MODELS,
  tpmBackends: TPM_BACKENDS,
};

function entries<K extends string, V>(table: Readonly<Record<K, V>>): readonly (readonly [K, V])[] {
  return Object.entries(table) as unknown as (readonly [K, V])[];
}
