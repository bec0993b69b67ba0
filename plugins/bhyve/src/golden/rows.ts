import type { GoldenCase } from "@polyvisor/sdk/golden";
import { type BhyveFeature, type BhyveFeatures, bhyveCapabilities } from "../conf/index.js";

/** The data's names of what a bhyve can do. */
const NAMES: Readonly<Record<string, BhyveFeature>> = {
  BHYVE_CAP_RTC_UTC: "rtc-utc",
  BHYVE_CAP_AHCI32SLOT: "ahci-32-slots",
  BHYVE_CAP_NET_E1000: "e1000",
  BHYVE_CAP_LPC_BOOTROM: "bootrom",
  BHYVE_CAP_FBUF: "fbuf",
  BHYVE_CAP_XHCI: "xhci",
  BHYVE_CAP_CPUTOPOLOGY: "cpu-topology",
  BHYVE_CAP_SOUND_HDA: "hda",
  BHYVE_CAP_VNC_PASSWORD: "vnc-password",
  BHYVE_CAP_VIRTIO_9P: "virtio-9p",
};

/** What the bhyve of a row can do. */
export function featuresOf(row: GoldenCase): BhyveFeatures {
  const known = names(row.bhyvecaps).map((name) => {
    const feature = NAMES[name];
    if (feature === undefined) throw new Error(`a row names what is not known here: ${name}`);
    return feature;
  });
  return { bhyve: new Set(known), grubConsole: names(row.grubcaps).includes("BHYVE_GRUB_CAP_CONSDEV") };
}

function names(field: unknown): readonly string[] {
  return Array.isArray(field) ? field.filter((name) => typeof name === "string") : [];
}

/** The made-up host of the data. */
export const CAPABILITIES = bhyveCapabilities({
  facts: {
    arch: "x86_64",
    mhz: 0,
    memory: 0,
    nodes: [],
    interconnects: [],
    caches: [],
    pageSizes: [],
    iommu: false,
  },
});

/** The last bytes of made-up addresses are zero. */
export const newMac = () => "52:54:00:00:00:00";
