import { VirtError } from "@polyvisor/core";
import type { Domain, LaunchSecurity, Loader, Os } from "@polyvisor/sdk/conf";
import type { Firmware, FirmwareMapping } from "./descriptor.js";

/**
 * The domain with the files of its firmware, for a guest that only says which kind it wants. Called at each start:
 * `firmwares` are those of the host, the best first, `nvramFile` is where a guest's variables go that names no file.
 */
export function chooseFirmware(domain: Domain, firmwares: readonly Firmware[], nvramFile: string): Domain {
  const wanted = domain.os.firmware;
  if (wanted === undefined && !lacksTemplate(domain.os)) return domain;
  const found = firmwares.find((firmware) => fits(domain, firmware));
  if (found !== undefined) return withFirmware(domain, found, nvramFile);
  if (wanted === undefined) return domain;
  throw new VirtError("OPERATION_FAILED", `Unable to find any firmware to satisfy '${wanted}'`, {
    domain: "QEMU",
    hint: "install one (ovmf, seabios), or name its file in <loader>",
  });
}

/** UEFI in a named file, and nothing to make the file of its variables from. */
function lacksTemplate({ loader, nvram }: Os): boolean {
  return (
    loader?.type === "pflash" &&
    loader.readonly === "yes" &&
    loader.path !== undefined &&
    !isRemote(nvram) &&
    nvram?.template === undefined
  );
}

function isRemote(nvram: Os["nvram"]): boolean {
  return nvram?.source?.type === "network";
}

const INTERFACES = { bios: "bios", efi: "uefi", rom: "bios", pflash: "uefi" } as const;

function fits(domain: Domain, firmware: Firmware): boolean {
  return (
    fitsInterface(domain.os, firmware) &&
    fitsMachine(domain.os, firmware) &&
    fitsFeatures(domain, new Set(firmware.features)) &&
    fitsFlash(domain.os.loader, firmware.mapping) &&
    fitsSecurity(domain.launchSecurity, new Set(firmware.features))
  );
}

function fitsInterface({ firmware, loader }: Os, { interfaces, mapping }: Firmware): boolean {
  if (firmware !== undefined) return interfaces.includes(INTERFACES[firmware]);
  if (loader?.type === undefined || mapping.device !== "flash" || mapping.executable.file !== loader.path) return false;
  return interfaces.includes(INTERFACES[loader.type]);
}

function fitsMachine({ arch = "", machine = "" }: Os, firmware: Firmware): boolean {
  return matchesTarget(firmware, arch, machine);
}

/** Whether a firmware is for guests of a machine. */
export function matchesTarget({ targets }: Firmware, arch: string, machine: string): boolean {
  return targets.some((target) => target.arch === arch && target.machines.some((pattern) => matches(pattern, machine)));
}

function matches(pattern: string, name: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`).test(name);
}

function fitsFeatures({ os, pm }: Domain, features: ReadonlySet<string>): boolean {
  if (pm?.suspendToMem === "yes" && !features.has("acpi-s3")) return false;
  if (pm?.suspendToDisk === "yes" && !features.has("acpi-s4")) return false;
  const asked = (os.firmwareFeatures ?? []).every(({ name, enabled }) => features.has(name) === (enabled === "yes"));
  return asked && (os.loader?.secure !== "yes" || features.has("requires-smm"));
}

function fitsFlash(loader: Loader | undefined, mapping: FirmwareMapping): boolean {
  return mapping.device !== "flash" || mapping.mode === (loader?.stateless === "yes" ? "stateless" : "split");
}

/** The bit of a SEV policy that asks for encrypted registers. */
const SEV_ES = 0x4;

function fitsSecurity(security: LaunchSecurity | undefined, features: ReadonlySet<string>): boolean {
  if (security?.type !== "sev") return true;
  return features.has("amd-sev") && ((security.policy & SEV_ES) === 0 || features.has("amd-sev-es"));
}

function withFirmware(domain: Domain, firmware: Firmware, nvramFile: string): Domain {
  const { firmware: _, ...os } = domain.os;
  const placed = { ...domain, os: { ...os, ...filesOf(os, firmware.mapping, nvramFile) } };
  if (!firmware.features.includes("requires-smm")) return placed;
  const { smm } = domain.features;
  if (smm?.state === "off") {
    throw new VirtError("OPERATION_INVALID", "domain has SMM turned off but chosen firmware requires it", {
      domain: "QEMU",
      hint: "leave <smm state='off'/> out, or refuse secure boot with <feature enabled='no' name='secure-boot'/>",
    });
  }
  return {
    ...placed,
    os: { ...placed.os, loader: { ...placed.os.loader, secure: "yes" } },
    features: { ...domain.features, smm: { ...smm, state: "on" } },
  };
}

function filesOf(os: Os, mapping: FirmwareMapping, nvramFile: string): Pick<Os, "loader" | "nvram" | "kernel"> {
  if (mapping.device !== "flash") {
    if (mapping.device === "kernel") return { kernel: mapping.file };
    return { loader: { ...os.loader, type: "rom", path: mapping.file } };
  }
  const { executable, template } = mapping;
  if (executable.format !== "raw") throw unsupported(`unsupported flash format '${executable.format}'`);
  const loader: Loader = { ...os.loader, type: "pflash", readonly: "yes", path: executable.file };
  if (template === undefined) return { loader };
  if (template.format !== "raw") throw unsupported(`unsupported nvram template format '${template.format}'`);
  const source = os.nvram?.source ?? { type: "file" as const, path: nvramFile };
  return { loader, nvram: { ...os.nvram, template: template.file, source } };
}

function unsupported(detail: string): VirtError {
  return new VirtError("OPERATION_UNSUPPORTED", detail, { domain: "QEMU" });
}
