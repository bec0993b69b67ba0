import {
  type BootDevice,
  blankDomain,
  completeDomain,
  type Domain,
  type DomainHooks,
  NO_DEVICES,
} from "@polyvisor/sdk/conf/domain";
import { readCards } from "./cards.js";
import type { MachineInfo } from "./info.js";
import { readFolders, readParallels, readSerials, readSounds } from "./ports.js";
import { type Frontend, readGraphics, readVideo } from "./screens.js";
import { type Media, readControllers, readDisks } from "./storage.js";

/** MAC addresses that are made up are VirtualBox's own, so that its programs know them. */
const MAC_PREFIX = "08:00:27";

/** What libvirt's vbox driver assumes of a document. */
export const VBOX_HOOKS: DomainHooks = {
  macPrefix: MAC_PREFIX,
  devices: {
    video: (video) => (video.model.type === undefined ? { ...video, model: { ...video.model, type: "vbox" } } : video),
  },
};

const BOOT: Readonly<Record<string, BootDevice>> = { floppy: "fd", dvd: "cdrom", disk: "hd", net: "network" };
const BOOT_PLACES = 4;

/** What else has to be asked for a machine's document. */
export interface Around {
  readonly media: Media;
  readonly frontend: Frontend;
  readonly arch: string;
  /** Its definition, without what goes with its run. */
  readonly inactive: boolean;
}

/** A machine's configuration, as libvirt's vbox driver shows it. `id` where it runs. */
export function readMachine(
  info: MachineInfo,
  { media, frontend, arch, inactive }: Around,
  id: number | undefined,
): Domain {
  const memory = info.number("memory", 0) * 1024;
  const vcpus = info.number("cpus", 1);
  const described = info.text("description");
  const os = { type: "hvm", arch, boot: readBoot(info) } as const;
  const written: Domain = {
    ...blankDomain({ type: "vbox", name: info.name, uuid: info.uuid, os }),
    ...(id !== undefined && { id }),
    ...(described !== undefined && { description: described }),
    memory,
    currentMemory: memory,
    vcpu: { max: vcpus, current: vcpus, placement: "static" },
    features: {
      ...(info.isOn("pae") && { pae: true }),
      ...(info.isOn("acpi") && { acpi: true }),
      ...(info.isOn("ioapic") && { apic: {} }),
    },
    clock: { offset: info.isOn("rtcuseutc") ? "utc" : "localtime", timers: [] },
    onReboot: "destroy",
    devices: {
      ...NO_DEVICES,
      disks: readDisks(info, media),
      controllers: readControllers(info),
      filesystems: readFolders(info, inactive),
      interfaces: readCards(info),
      serials: readSerials(info),
      parallels: readParallels(info),
      graphics: readGraphics(info, frontend),
      sounds: readSounds(info),
      videos: [readVideo(info)],
    },
  };
  return completeDomain(written, { hooks: VBOX_HOOKS, inactive: id === undefined, skipChecks: true });
}

function readBoot(info: MachineInfo): BootDevice[] {
  return [...info.numbered("boot", 1)].flatMap(({ value }) => BOOT[value] ?? []);
}

/** The words of `modifyvm` for the order in which a machine tries its devices. */
export function bootWords(boot: readonly BootDevice[]): string[] {
  return Array.from({ length: BOOT_PLACES }, (_, index) => {
    const [word = "none"] = Object.entries(BOOT).find(([, device]) => device === boot[index]) ?? [];
    return [`--boot${index + 1}`, word];
  }).flat();
}
