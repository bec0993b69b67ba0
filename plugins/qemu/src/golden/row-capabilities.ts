import type { GoldenCase, GoldenFiles } from "@polyvisor/sdk/golden";
import type { QemuCapabilities } from "../capabilities/index.js";
import { readCapsFile } from "./caps-file.js";
import { fakeCaps } from "./fake-caps.js";
import { listField, textField } from "./fields.js";
import { flagOfName } from "./flag-names.js";

/** What the data's host knows of an emulator other than the row's. */
const NOTHING = { version: 0, package: "", arch: "none", flags: [] } as const;

function emulatorOf(row: GoldenCase, files: GoldenFiles): string | undefined {
  return /<emulator>([^<]*)<\/emulator>/.exec(files.text(row.input))?.[1];
}

const SEV = { cbitpos: 51, reducedPhysBits: 1 };

/** The capabilities that a row asks for. One for a run of a suite: files are read once. */
export class RowCapabilities {
  readonly #files = new Map<string, QemuCapabilities>();
  /** Whether made-up capabilities have what every emulator of the architecture has. */
  readonly #basics: boolean;

  constructor(basics: boolean) {
    this.#basics = basics;
  }

  of(row: GoldenCase, files: GoldenFiles): QemuCapabilities {
    const caps = this.#base(row, files);
    const wanted = emulatorOf(row, files);
    if (wanted !== undefined && wanted !== caps.emulator && this.#basics) return { ...NOTHING, emulator: wanted };
    const extra = listField(row, "extraCaps").map(flagOfName) as QemuCapabilities["flags"];
    const gic = textField(row, "gic");
    return {
      ...caps,
      flags: [...caps.flags, ...extra],
      ...(gic === undefined ? {} : { gic: gicOf(gic) }),
      // The data's host has such a processor.
      sev: caps.sev ?? SEV,
    };
  }

  #base(row: GoldenCase, files: GoldenFiles): QemuCapabilities {
    const file = textField(row, "capsFile");
    if (file !== undefined) {
      const caps = this.#read(file, files);
      return row.caps === "latest" ? withoutAliases(caps) : caps;
    }
    return fakeCaps({
      arch: textField(row, "arch") ?? "x86_64",
      names: listField(row, "caps"),
      basics: this.#basics,
      oldCpus: !listField(row, "flags").includes("FLAG_SKIP_LEGACY_CPUS"),
      accel: row.hostOS === "HOST_OS_MACOS" ? "hvf" : "kvm",
    });
  }

  #read(file: string, files: GoldenFiles): QemuCapabilities {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const caps = readCapsFile(files.text(file));
    this.#files.set(file, caps);
    return caps;
  }
}

/** The newest emulator's machines go by their alias alone, so that expected files outlive a new version. */
function withoutAliases(caps: QemuCapabilities): QemuCapabilities {
  const strip = (accel: QemuCapabilities["kvm"]) =>
    accel && {
      ...accel,
      machines: accel.machines.map(({ alias, ...machine }) => ({ ...machine, name: alias ?? machine.name })),
    };
  const { kvm, tcg, ...others } = caps;
  return { ...others, ...(kvm && { kvm: strip(kvm) ?? kvm }), ...(tcg && { tcg: strip(tcg) ?? tcg }) };
}

function gicOf(name: string): NonNullable<QemuCapabilities["gic"]> {
  const versions = { GIC_V2: [2], GIC_V3: [3], GIC_BOTH: [2, 3] }[name] ?? [];
  return versions.map((version) => ({ version, kernel: true, emulated: true }));
}
