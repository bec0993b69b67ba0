import type { GoldenCase } from "@polyvisor/sdk/golden";
import type { ConfFolders, HostFacts } from "../conf/index.js";
import { settingOf } from "./fields.js";

/** The folders of the driver that the data was made with. */
export const FOLDERS: ConfFolders = {
  nvram: "/var/lib/libvirt/qemu/nvram",
  channels: "/tmp/channel",
};

/** The PCI devices of the data's host by their IOMMU groups. */
const IOMMU_GROUPS: readonly (readonly string[])[] = [
  ["0000:00:00.0"],
  ["0000:00:01.0"],
  ["0000:00:02.0"],
  ["0000:00:03.0"],
  ["0001:00:00.0"],
  ["0001:01:00.0", "0001:01:00.1"],
  ["0005:80:00.0"],
  ["0005:90:01.0", "0005:90:01.1", "0005:90:01.2", "0005:90:01.3"],
  ["0000:0a:01.0", "0000:0a:02.0", "0000:0a:03.0"],
  ["0000:06:12.0"],
  ["0000:06:12.1"],
  ["0000:06:12.2"],
  ["0000:06:12.2"],
  ["0021:de:1f.0"],
  ["0021:de:1f.1"],
  ["0000:01:00.0"],
  ["0000:02:00.0"],
  ["0000:03:00.0"],
];

/** The host's architecture where the row's test changed it: `VIR_ARCH_AARCH64`. */
function hostArchOf(row: GoldenCase): string | undefined {
  return settingOf(row, "misc", "hostArch")?.replace("VIR_ARCH_", "").toLowerCase();
}

/** The data's host: an x86 one, unless the row's capabilities are those of an emulator of another host. */
export function hostOf(row: GoldenCase, arch: string): HostFacts {
  const setting = (name: string) => settingOf(row, "cfg", name) === "true";
  return {
    arch: row.capsFile === undefined ? (hostArchOf(row) ?? "x86_64") : arch,
    iommuGroup(address) {
      const hex = (value: number, width: number) => value.toString(16).padStart(width, "0");
      const name = `${hex(address.domain, 4)}:${hex(address.bus, 2)}:${hex(address.slot, 2)}.${address.function}`;
      const group = IOMMU_GROUPS.findIndex((names) => names.includes(name));
      return group === -1 ? undefined : group;
    },
    spiceTls: true,
    swtpmVersions: [settingOf(row, "env", "VIR_TEST_MOCK_FAKE_TPM_VERSION") ?? ["1.2", "2.0"]].flat(),
    audio: {
      vnc: setting("vncAllowHostAudio"),
      headless: setting("nogfxAllowHostAudio"),
      driver: settingOf(row, "env", "QEMU_AUDIO_DRV"),
      sdlDriver: settingOf(row, "env", "SDL_AUDIODRIVER"),
    },
  };
}

/** What is random elsewhere is counted here. */
export const COUNTED_UUID = "00010203-0405-4607-8809-0a0b0c0d0e0f";
