import { formatDomainCapabilities } from "@polyvisor/sdk/conf";
import { loadCpus } from "@polyvisor/sdk/cpu";
import { expectUnwrapped, type GoldenCase, type GoldenFiles, type GoldenRun } from "@polyvisor/sdk/golden";
import { canonicalMachine, defaultMachine, type QemuCapabilities } from "../capabilities/index.js";
import { describeDomains } from "../domain-capabilities/describe.js";
import { readCapsFile } from "./caps-file.js";
import { listField, textField } from "./fields.js";
import { RowFirmware } from "./firmware.js";

/** The images that the data's host has. */
const LOADERS = ["/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF32_CODE.fd", "/usr/share/OVMF/OVMF_CODE.fd"];

/** What guests can have, told of QEMU; other drivers have rows of their own. */
export function domaincaps(): GoldenRun {
  const firmware = new RowFirmware();
  return async (row, files) => {
    if (row.capsType !== "CAPS_QEMU") throw new Error(`no driver here fills the document of ${row.capsType}`);
    const caps = capsOf(row, files);
    const type = row.virtType === "VIR_DOMAIN_VIRT_KVM" ? "kvm" : "qemu";
    const wanted = textField(row, "machine");
    const machine = wanted === undefined ? defaultMachine(caps, type) : canonicalMachine(caps, type, wanted);
    const cpus = await loadCpus("x86_64");
    const broadwell = { arch: "x86_64", model: "Broadwell", features: [] };
    // Which images are listed was put in by hand; the rest of the firmware was found.
    const text = formatDomainCapabilities(
      describeDomains(
        caps,
        { arch: caps.arch, type, machine },
        {
          hostArch: "x86_64",
          processors: { guest: cpus, host: cpus, processor: { arch: "x86_64", describe: () => broadwell } },
          firmwares: firmware.all(files),
          loaders: LOADERS,
          isThere: () => true,
          kvmMaxVcpus: Number.MAX_SAFE_INTEGER,
          sev: { maxGuests: 59, maxESGuests: 450 },
          vfio: true,
          swtpmVersions: listField(row, "tpmVersions"),
        },
      ),
    );
    expectUnwrapped(files, row.expected, withLoaders(text));
  };
}

function withLoaders(text: string): string {
  const values = LOADERS.map((path) => `      <value>${path}</value>\n`).join("");
  return text.replace(/(<loader supported='yes'>\n)( *<value>.*\n)*/, `$1${values}`);
}

function capsOf(row: GoldenCase, files: GoldenFiles): QemuCapabilities {
  return readCapsFile(files.text(`qemucapabilitiesdata/caps_${row.caps}.${row.arch}.xml`));
}
