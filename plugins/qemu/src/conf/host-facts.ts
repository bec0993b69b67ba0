import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import type { PciAddress } from "@polyvisor/sdk/conf";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { pciText } from "./address/pci-set.js";

/** What configurations depend on beyond the emulator. */
export interface HostFacts {
  /** libvirt's name of the host's architecture: that of a guest that names none. */
  readonly arch: string;
  /** The IOMMU group of a PCI device, where the host knows one. */
  iommuGroup(address: PciAddress): number | undefined;
  /** Whether guests' SPICE displays have TLS; absent: they have not. */
  readonly spiceTls?: boolean | undefined;
  /** The versions of TPMs that swtpm can set up, none where it is not installed; absent: nobody asked it. */
  readonly swtpmVersions?: readonly string[] | undefined;
  /** Which guests are heard on the host by default, and how. */
  readonly audio?: HostAudio | undefined;
}

export interface HostAudio {
  /** Guests whose display is for VNC; those without any. */
  readonly vnc: boolean;
  readonly headless: boolean;
  /** `QEMU_AUDIO_DRV` and `SDL_AUDIODRIVER` of the environment. */
  readonly driver?: string | undefined;
  readonly sdlDriver?: string | undefined;
}

export const THIS_HOST: HostFacts = { arch: hostArch(), iommuGroup };

/** sysfs is memory: a link in it never waits for a disk. */
function iommuGroup(address: PciAddress): number | undefined {
  try {
    return Number(basename(readlinkSync(`/sys/bus/pci/devices/${pciText(address)}/iommu_group`)));
  } catch {
    return undefined;
  }
}
