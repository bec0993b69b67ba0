import { type HostCpu, loadCpus } from "@polyvisor/sdk/cpu";
import type { GoldenCase } from "@polyvisor/sdk/golden";
import type { CpuKnowledge, HostProcessor } from "../cpu/host-model.js";
import { settingOf, textField } from "./fields.js";
import { hostOf } from "./folders.js";

const cpu = (arch: string, model: string, features = ""): HostCpu => ({
  arch,
  model,
  features: features.split(" ").filter((name) => name !== ""),
});

const X86: Readonly<Record<string, HostCpu>> = {
  core2duo: {
    ...cpu("x86_64", "core2duo", "ds acpi ss ht tm pbe ds_cpl vmx est tm2 cx16 xtpr lahf_lm"),
    vendor: "Intel",
  },
  Haswell: {
    ...cpu(
      "x86_64",
      "Haswell",
      "vme ds acpi ss ht tm pbe dtes64 monitor ds_cpl vmx smx est tm2 xtpr pdcm osxsave f16c rdrand cmt pdpe1gb abm invtsc lahf_lm",
    ),
    vendor: "Intel",
  },
};

/** The processor of the data's host, where that has one. */
function hostCpuOf(row: GoldenCase, arch: string): HostCpu | undefined {
  if (arch.startsWith("ppc64")) {
    const power = textField(row, "hostCPUModel")?.replace("QEMU_CPU_DEF_", "") ?? "POWER8";
    return cpu("ppc64", power);
  }
  if (arch !== "x86_64" && arch !== "i686") return undefined;
  const name = settingOf(row, "misc", "hostCPU")?.includes("HASWELL") ? "Haswell" : "core2duo";
  return X86[name];
}

/** What is known of the processors of a row's guest and host. Its host's processor is the same whatever the emulator has. */
export async function rowKnowledge(
  row: GoldenCase,
  guestArch: string,
  capsArch: string,
): Promise<CpuKnowledge | undefined> {
  const { arch } = hostOf(row, capsArch);
  const describe: HostProcessor["describe"] = () => hostCpuOf(row, arch);
  try {
    const [guest, host] = await Promise.all([loadCpus(guestArch), loadCpus(arch)]);
    return { guest, host, processor: { arch, describe } };
  } catch {
    return undefined;
  }
}
