import type {
  Iommu,
  Memballoon,
  MemoryDevice,
  Panic,
  Redirdev,
  RedirFilter,
  Rng,
  Shmem,
  Tpm,
  Vsock,
  Watchdog,
} from "../model/index.js";
import { type AbiRule, rule } from "./rule.js";

const ANY = -1;

export const REDIRDEV: readonly AbiRule<Redirdev>[] = [
  rule("Target redirected device bus %s does not match source %s", ({ bus }) => bus),
  rule(
    "Target redirected device source type %s does not match source device source type %s",
    ({ source }) => source.type,
  ),
];

export const REDIRFILTER_COUNT = "Target USB redirection filter rule count %s does not match source %s";

export const REDIRFILTER: readonly AbiRule<RedirFilter["devices"][number]>[] = [
  rule("Target USB Class code does not match source", (each) => each.class ?? ANY),
  rule("Target USB vendor ID does not match source", ({ vendor }) => vendor ?? ANY),
  rule("Target USB product ID does not match source", ({ product }) => product ?? ANY),
  rule("Target USB version does not match source", ({ version }) => version ?? ANY),
  rule("Target USB allow '%s' does not match source '%s'", ({ allow }) => allow),
];

export const WATCHDOG: readonly AbiRule<Watchdog>[] = [
  rule("Target watchdog model %s does not match source %s", ({ model }) => model),
];

export const MEMBALLOON: readonly AbiRule<Memballoon>[] = [
  rule("Target balloon model %s does not match source %s", ({ model }) => model),
  rule("Target balloon autodeflate attribute value '%s' does not match source '%s'", ({ autodeflate }) => autodeflate),
  rule(
    "Target balloon freePageReporting attribute value '%s' does not match source '%s'",
    ({ freePageReporting }) => freePageReporting,
  ),
];

export const RNG: readonly AbiRule<Rng>[] = [
  rule("Target RNG model '%s' does not match source '%s'", ({ model }) => model),
];

export const PANIC: readonly AbiRule<Panic>[] = [
  rule("Target panic model '%s' does not match source '%s'", ({ model }) => model),
];

export const SHMEM: readonly AbiRule<Shmem>[] = [
  rule("Target shared memory role '%s' does not match source role '%s'", ({ role }) => role),
  rule("Target shared memory model '%s' does not match source model '%s'", ({ model }) => model ?? "ivshmem"),
  rule("Target shared memory size '%s' does not match source size '%s'", ({ size }) => size ?? 0),
  rule("Target shared memory server usage doesn't match source", ({ server }) => server !== undefined),
  rule("Target shared memory MSI configuration doesn't match source", ({ msi }) =>
    msi === undefined ? undefined : `${msi.vectors ?? 0} ${msi.ioeventfd}`,
  ),
];

export const TPM: readonly AbiRule<Tpm>[] = [
  rule("Target TPM device type doesn't match source", ({ backend }) => backend.type),
  rule("Target TPM device model doesn't match source", ({ model }) => model),
  rule("Target TPM version doesn't match source", ({ backend }) =>
    backend.type === "emulator" ? backend.version : undefined,
  ),
  rule("Target active PCR banks doesn't match source", ({ backend }) =>
    backend.type === "emulator" ? [...(backend.activePcrBanks ?? [])].sort().join() : undefined,
  ),
];

/** Of an NVDIMM only: nothing else has it, or shows it to the guest. */
function nvdimm(
  words: string,
  value: (of: MemoryDevice) => string | number | boolean | undefined,
): AbiRule<MemoryDevice> {
  return rule(words, (each) => (each.model === "nvdimm" ? value(each) : undefined));
}

export const MEMORY: readonly AbiRule<MemoryDevice>[] = [
  rule("Target memory device model '%s' doesn't match source model '%s'", ({ model }) => model),
  rule("Target memory device targetNode '%s' doesn't match source targetNode '%s'", ({ target }) => target.node ?? ANY),
  rule("Target memory device size '%s' doesn't match source memory device size '%s'", ({ target }) => target.size),
  rule(
    "Target memory device block size '%s' doesn't match source memory device block size '%s'",
    ({ target }) => target.block ?? 0,
  ),
  rule(
    "Target memory device requested size '%s' doesn't match source memory device requested size '%s'",
    ({ target }) => target.requested ?? 0,
  ),
  nvdimm(
    "Target NVDIMM label size '%s' doesn't match source NVDIMM label size '%s'",
    ({ target }) => target.labelSize ?? 0,
  ),
  nvdimm(
    "Target NVDIMM alignment '%s' doesn't match source NVDIMM alignment '%s'",
    ({ source }) => source?.alignsize ?? 0,
  ),
  nvdimm("Target NVDIMM pmem flag doesn't match source NVDIMM pmem flag", ({ source }) => source?.pmem === true),
  nvdimm(
    "Target NVDIMM readonly flag doesn't match source NVDIMM readonly flag",
    ({ target }) => target.readonly === true,
  ),
  nvdimm("Target NVDIMM UUID doesn't match source NVDIMM", ({ uuid }) => uuid),
];

export const IOMMU: readonly AbiRule<Iommu>[] = [
  rule("Target domain IOMMU device model '%s' does not match source '%s'", ({ model }) => model),
  rule("Target domain IOMMU device intremap value '%s' does not match source '%s'", ({ driver }) => driver?.intremap),
  rule("Target domain IOMMU device caching mode '%s' does not match source '%s'", ({ driver }) => driver?.cachingMode),
  rule("Target domain IOMMU device eim value '%s' does not match source '%s'", ({ driver }) => driver?.eim),
  rule("Target domain IOMMU device iotlb value '%s' does not match source '%s'", ({ driver }) => driver?.iotlb),
  rule("Target domain IOMMU device aw_bits value '%s' does not match source '%s'", ({ driver }) => driver?.awBits ?? 0),
];

export const VSOCK: readonly AbiRule<Vsock>[] = [
  rule("Target domain vsock device model '%s' does not match source '%s'", ({ model }) => model),
];
