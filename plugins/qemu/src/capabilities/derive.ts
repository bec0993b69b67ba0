import { VirtError } from "@polyvisor/core";
import { archFromQemu, isX86 } from "./arch.js";
import { FLAG_SOURCES, type QemuFlag } from "./flags.js";
import { flagOf, type Json, type JsonObject, namesOf, numberOf, objectOf, objects, strings, textOf } from "./json.js";
import type { AccelCapabilities, CpuDefinition, CpuProperty, HostCpu, MachineType, QemuCapabilities } from "./model.js";
import { indexSchema, schemaHas } from "./schema.js";

/** The result of one probed command; undefined when the emulator refused it. `key` is probeKey() of the command. */
export type ProbeReplies = (key: string) => Json | undefined;

/** libvirt's default machine types, whatever QEMU would choose. */
const PREFERRED_MACHINES: Readonly<Record<string, string>> = {
  alpha: "clipper",
  armv6l: "integratorcp",
  armv7l: "integratorcp",
  aarch64: "integratorcp",
  cris: "axis-dev88",
  i686: "pc",
  m68k: "mcf5208evb",
  mips: "malta",
  mipsel: "malta",
  mips64: "malta",
  mips64el: "malta",
  ppc: "g3beige",
  ppc64: "pseries",
  ppc64le: "pseries",
  riscv32: "spike_v1.10",
  riscv64: "spike_v1.10",
  s390x: "s390-ccw-virtio",
  sparc: "SS-5",
  sparc64: "sun4u",
  x86_64: "pc",
};

const OLDEST = 4_002_000;

/**
 * What an emulator's replies mean: pure.
 *
 * `first` are the replies of the probe with its best accelerator; `tcg` those of a second run without KVM, present
 * when the first one had KVM.
 */
export function capabilitiesFrom(emulator: string, first: ProbeReplies, tcg?: ProbeReplies): QemuCapabilities {
  const version = versionOf(first("query-version"));
  const arch = archFromQemu(textOf(asObject(first("query-target")), "arch") ?? "");
  const hasKvm = flagOf(asObject(first("query-kvm")), "enabled");
  const flags = deriveFlags(first, arch, version.number, hasKvm);
  const accel = accelFrom(first, arch, hasKvm ? "host" : "max");
  const second = tcg === undefined ? undefined : accelFrom(tcg, arch, "max");
  const emulated = hasKvm ? second : accel;
  return {
    emulator,
    version: version.number,
    package: version.package,
    arch,
    flags: [...flags],
    ...(hasKvm ? { kvm: accel } : {}),
    ...(flags.has("tcg") && emulated !== undefined ? { tcg: emulated } : {}),
    ...gicFrom(first("query-gic-capabilities")),
    ...sevFrom(first("query-sev-capabilities")),
    ...sgxFrom(first("query-sgx-capabilities")),
    ...hypervFrom(arch, first(`query-cpu-model-expansion:${hasKvm ? "host" : "max"}:hyperv`)),
  };
}

function gicFrom(reply: Json | undefined): Pick<QemuCapabilities, "gic"> {
  if (reply === undefined) return {};
  const gic = objects(reply).map((item) => ({
    version: numberOf(item, "version") ?? 0,
    kernel: flagOf(item, "kernel"),
    emulated: flagOf(item, "emulated"),
  }));
  return { gic };
}

function sevFrom(reply: Json | undefined): Pick<QemuCapabilities, "sev"> {
  const cbitpos = numberOf(asObject(reply), "cbitpos");
  const reducedPhysBits = numberOf(asObject(reply), "reduced-phys-bits");
  const cpu0Id = textOf(asObject(reply), "cpu0-id");
  if (cbitpos === undefined || reducedPhysBits === undefined) return {};
  return { sev: { cbitpos, reducedPhysBits, ...(cpu0Id === undefined ? {} : { cpu0Id }) } };
}

/** Emulators that do not tell of sections are too old for it. */
function sgxFrom(reply: Json | undefined): Pick<QemuCapabilities, "sgx"> {
  const facts = asObject(reply);
  if (!Array.isArray(facts.sections)) return {};
  const sections = objects(facts.sections).map((section) => ({
    node: numberOf(section, "node") ?? 0,
    size: Math.floor((numberOf(section, "size") ?? 0) / 1024),
  }));
  const whole = numberOf(facts, "section-size");
  const sectionSize =
    whole === undefined ? sections.reduce((sum, { size }) => sum + size, 0) : Math.floor(whole / 1024);
  return {
    sgx: { flc: flagOf(facts, "flc"), sgx1: flagOf(facts, "sgx1"), sgx2: flagOf(facts, "sgx2"), sectionSize, sections },
  };
}

/** libvirt's names, in its order. */
const HYPERV =
  "relaxed vapic spinlocks vpindex runtime synic stimer reset vendor_id frequencies reenlightenment tlbflush ipi evmcs avic";

/** A property that is a text counts as one that is there, whatever it says. */
function hypervFrom(arch: string, reply: Json | undefined): Pick<QemuCapabilities, "hyperv"> {
  const props = modelOf(reply)?.props;
  if (props === undefined || !(isX86(arch) || /^(arm|aarch64)/.test(arch))) return {};
  const hyperv = HYPERV.split(" ").filter((name) => {
    const value = props[`hv-${name.replaceAll("_", "-")}`];
    return value === true || typeof value === "string" || (typeof value === "number" && value > 0);
  });
  return hyperv.length === 0 ? {} : { hyperv };
}

function asObject(value: Json | undefined): JsonObject {
  return objectOf({ value }, "value") ?? {};
}

function versionOf(reply: Json | undefined): { number: number; package: string } {
  const qemu = objectOf(asObject(reply), "qemu") ?? {};
  const [major, minor, micro] = [numberOf(qemu, "major"), numberOf(qemu, "minor"), numberOf(qemu, "micro")];
  if (major === undefined || minor === undefined || micro === undefined)
    throw new VirtError("INTERNAL_ERROR", "query-version reply was missing 'qemu' data", { domain: "QEMU" });
  const number = major * 1_000_000 + minor * 1000 + micro;
  if (number < OLDEST)
    throw new VirtError(
      "CONFIG_UNSUPPORTED",
      `QEMU version >= 4.2.0 is required, but ${major}.${minor}.${micro} found`,
      {
        domain: "QEMU",
        hint: "install a newer QEMU, or name another emulator in the domain's <emulator>",
      },
    );
  return { number, package: textOf(asObject(reply), "package") ?? "" };
}

function deriveFlags(replies: ProbeReplies, arch: string, version: number, hasKvm: boolean): ReadonlySet<QemuFlag> {
  const flags = new Set<QemuFlag>([...architectureFlags(arch), ...probedFlags(replies)]);
  if (version < 5_002_000) flags.add("enable-fips");
  if (hasKvm) flags.add("kvm");
  if (objects(replies("query-cpu-definitions")).some((cpu) => cpu.name === "max")) flags.add("cpu-max");
  if (isX86(arch) && flags.has("query-cpu-model-expansion")) flags.add("cpu-cache");
  if (flags.has("cpu-unavailable-features")) flags.add("canonical-cpu-features");
  if (flags.has("blockdev-reopen") && flags.has("migration-param.block-bitmap-mapping"))
    flags.add("incremental-backup");
  if (flags.has("object.qapified")) flags.add("compat-deprecated");
  if (flags.has("machine-hpet")) flags.delete("no-hpet");
  // The types exist in every build; only these queries tell whether the processor and the kernel can do it.
  if (replies("query-sev-capabilities") === undefined) flags.delete("sev-guest");
  if (replies("query-sgx-capabilities") === undefined) flags.delete("sgx-epc");
  return flags;
}

function architectureFlags(arch: string): readonly QemuFlag[] {
  if (isX86(arch)) return ["no-acpi", "no-hpet"];
  if (arch === "aarch64") return ["no-acpi", "aarch64-off", "gic-version"];
  if (arch === "s390x") return ["aes-key-wrap", "dea-key-wrap", "loadparm"];
  // Part of these boards, so that nobody can ask for it.
  if (arch === "sparc" || arch === "m68k" || arch === "mips") return ["ncr53c90"];
  return [];
}

function* probedFlags(replies: ProbeReplies): Iterable<QemuFlag> {
  const types = namesOf(replies("qom-list-types"));
  for (const [flag, names] of FLAG_SOURCES.types) if (names.some((name) => types.has(name))) yield flag;
  const commands = namesOf(replies("query-commands"));
  for (const [flag, names] of FLAG_SOURCES.commands) if (names.some((name) => commands.has(name))) yield flag;
  const schema = indexSchema(replies("query-qmp-schema"));
  for (const [flag, path] of FLAG_SOURCES.schema) if (schemaHas(schema, path)) yield flag;
  for (const [device, property, flag] of FLAG_SOURCES.deviceProperties)
    if (namesOf(replies(`device-list-properties:${device}`)).has(property)) yield flag;
  for (const [type, property, flag] of FLAG_SOURCES.objectProperties)
    if (namesOf(replies(`qom-list-properties:${type}`)).has(property)) yield flag;
  yield* optionFlags(replies);
  const models = strings(replies("query-tpm-models"));
  for (const model of FLAG_SOURCES.tpmModels) if (models.includes(model)) yield model;
  const backends = strings(replies("query-tpm-types"));
  if (backends.includes("passthrough")) yield FLAG_SOURCES.tpmBackends.passthrough;
  if (backends.includes("emulator")) yield FLAG_SOURCES.tpmBackends.emulator;
  if (objects(replies("query-migrate-capabilities")).some((item) => item.capability === "rdma-pin-all"))
    yield "migrate-rdma";
}

function* optionFlags(replies: ProbeReplies): Iterable<QemuFlag> {
  const scsi = objects(replies("device-list-properties:virtio-blk-pci")).find((item) => item.name === "scsi");
  if (scsi?.["default-value"] === false) yield "virtio-blk-pci.scsi.default.disabled";
  const options = new Map(
    objects(replies("query-command-line-options")).map((item) => [textOf(item, "option"), namesOf(item.parameters)]),
  );
  for (const [option, parameter, flag] of FLAG_SOURCES.commandLineOptions) {
    const parameters = options.get(option);
    if (parameters !== undefined && (parameter === null || parameters.has(parameter))) yield flag;
  }
}

function accelFrom(replies: ProbeReplies, arch: string, cpu: "host" | "max"): AccelCapabilities {
  const hostCpu = hostCpuFrom(replies, cpu);
  return {
    machines: machinesFrom(replies("query-machines"), arch),
    cpus: objects(replies("query-cpu-definitions")).map(cpuFrom),
    ...(hostCpu === undefined ? {} : { hostCpu }),
  };
}

/** QEMU's order, but the default machine first. */
function machinesFrom(reply: Json | undefined, arch: string): readonly MachineType[] {
  const listed = objects(reply).filter((item) => item.name !== "none");
  const machines = listed.map(machineFrom);
  const preferred = PREFERRED_MACHINES[arch];
  let first = machines.findLastIndex((item) => item.alias === preferred || item.name === preferred);
  if (first < 0) first = listed.findLastIndex((item) => flagOf(item, "is-default"));
  const chosen = machines[first];
  return chosen === undefined ? machines : [chosen, ...machines.filter((item) => item !== chosen)];
}

function machineFrom(item: JsonObject): MachineType {
  const alias = textOf(item, "alias");
  const defaultCpu = textOf(item, "default-cpu-type");
  const defaultRamId = textOf(item, "default-ram-id");
  return {
    name: textOf(item, "name") ?? "",
    ...(alias === undefined ? {} : { alias }),
    maxCpus: numberOf(item, "cpu-max") ?? 0,
    hotplugCpus: flagOf(item, "hotpluggable-cpus"),
    ...(defaultCpu === undefined ? {} : { defaultCpu }),
    ...(defaultRamId === undefined ? {} : { defaultRamId }),
    numaMemSupported: item["numa-mem-supported"] !== false,
    deprecated: flagOf(item, "deprecated"),
  };
}

/** One entry of query-cpu-definitions. */
export function cpuFrom(item: JsonObject): CpuDefinition {
  const typename = textOf(item, "typename");
  const blockers = item["unavailable-features"];
  return {
    name: textOf(item, "name") ?? "",
    ...(typename === undefined ? {} : { typename }),
    ...(Array.isArray(blockers) ? { blockers: strings(blockers) } : {}),
    deprecated: flagOf(item, "deprecated"),
  };
}

/** A feature that only the expansion without `migratable` has is one that a migrating guest cannot use. */
export function hostCpuFrom(replies: ProbeReplies, cpu: "host" | "max"): HostCpu | undefined {
  const migratable = modelOf(replies(`query-cpu-model-expansion:${cpu}`));
  if (migratable === undefined) return undefined;
  const everything = modelOf(replies(`query-cpu-model-expansion:${cpu}:all`));
  const all = everything?.props;
  const properties = Object.entries(migratable.props).flatMap(([name, value]): CpuProperty[] => {
    if (typeof value !== "boolean")
      return typeof value === "number" || typeof value === "string" ? [{ name, value }] : [];
    const other = all?.[name];
    if (typeof other !== "boolean") return [{ name, value }];
    if (value) return [{ name, value, migratable: true }];
    return other ? [{ name, value: true, migratable: false }] : [{ name, value }];
  });
  return { name: migratable.name, properties };
}

function modelOf(reply: Json | undefined): { name: string; props: JsonObject } | undefined {
  const model = objectOf(asObject(reply), "model");
  if (model === undefined) return undefined;
  return { name: textOf(model, "name") ?? "", props: objectOf(model, "props") ?? {} };
}
