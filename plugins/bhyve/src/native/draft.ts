import { type Domain, NO_DEVICES } from "@polyvisor/sdk/conf/domain";

/** What bhyve gives a guest whose command line says nothing of memory, in KiB. */
const DEFAULT_MEMORY = 256 * 1024;

/** What a guest's command line has told so far, in the words of a configuration. */
export interface Draft {
  name?: string;
  uuid?: string;
  /** KiB. */
  memory?: number;
  vcpus: number;
  cpu?: Domain["cpu"];
  locked?: boolean;
  acpi?: boolean;
  apic?: boolean;
  ignoresMsrs?: boolean;
  utc?: boolean;
  bootloader?: string;
  bootloaderArgs?: string;
  readonly disks: Domain["devices"]["disks"][number][];
  readonly controllers: Domain["devices"]["controllers"][number][];
  readonly interfaces: Domain["devices"]["interfaces"][number][];
  readonly serials: Domain["devices"]["serials"][number][];
  readonly graphics: Domain["devices"]["graphics"][number][];
  readonly videos: Domain["devices"]["videos"][number][];
  /** What was left out, and why. */
  readonly warnings: string[];
}

export function newDraft(): Draft {
  return {
    vcpus: 1,
    disks: [],
    controllers: [],
    interfaces: [],
    serials: [],
    graphics: [],
    videos: [],
    warnings: [],
  };
}

/** The configuration, nothing filled in. */
export function draftedDomain(draft: Draft, newUuid: () => string): Domain {
  const memory = draft.memory ?? DEFAULT_MEMORY;
  const { disks, controllers, interfaces, serials, graphics, videos } = draft;
  return {
    type: "bhyve",
    name: draft.name ?? "",
    uuid: draft.uuid ?? newUuid(),
    memory,
    currentMemory: memory,
    memoryBacking: draft.locked === true ? { locked: true } : undefined,
    vcpu: { max: draft.vcpus, current: draft.vcpus, placement: "static" },
    iothreads: [],
    sysinfos: [],
    bootloader: draft.bootloader,
    bootloaderArgs: draft.bootloaderArgs,
    os: { type: "hvm", boot: [] },
    features: {
      acpi: draft.acpi,
      apic: draft.apic === true ? {} : undefined,
      msrs: draft.ignoresMsrs === true ? { unknown: "ignore" } : undefined,
    },
    cpu: draft.cpu,
    clock: { offset: draft.utc === true ? "utc" : "localtime", timers: [] },
    onPoweroff: "destroy",
    onReboot: "destroy",
    onCrash: "destroy",
    devices: { ...NO_DEVICES, disks, controllers, interfaces, serials, graphics, videos },
    seclabels: [],
  };
}
