import {
  attribute,
  child,
  childAttribute,
  childElements,
  childText,
  enumAttribute,
  integerAttribute,
  isElement,
  onOffAttribute,
  parseInteger,
  requiredEnum,
  textOf,
  unknownElement,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import { keepMetadata } from "../../common/metadata.js";
import { parseUuid } from "../../common/uuid.js";
import { parseSysinfo, systemUuid } from "../../sysinfo/parse.js";
import type { DomainHooks } from "../hooks.js";
import type { Domain, LaunchSecurity, LifecycleAction, NamespaceData, VirtType } from "../model/index.js";
import { LIFECYCLE_ACTIONS } from "../words.js";
import { parseClock } from "./clock.js";
import { anySet, confError, type ParseContext, word } from "./context.js";
import { parseCpu } from "./cpu.js";
import { parseCputune } from "./cputune.js";
import { parseDevices } from "./devices.js";
import { parseFeatures } from "./features.js";
import { parseOs, parseOsType } from "./os.js";
import { parseSeclabels } from "./seclabel.js";
import {
  memorySize,
  parseBlkiotune,
  parseDefaultIothread,
  parseIothreads,
  parseMemoryBacking,
  parseMemtune,
  parseNumatune,
  parseVcpus,
} from "./tuning.js";

const CHILDREN: ReadonlySet<string> = new Set(
  (
    "blkiotune bootloader bootloader_args clock cpu cputune currentMemory defaultiothread description devices features " +
    "genid idmap iothreadids iothreads keywrap launchSecurity maxMemory memory memoryBacking memtune metadata name " +
    "numatune on_crash on_lockfailure on_poweroff on_reboot os perf pm resource seclabel sysinfo title uuid vcpu vcpus"
  ).split(" "),
);

export const VIRT_TYPES: readonly VirtType[] = [
  "qemu",
  "kqemu",
  "kvm",
  "xen",
  "lxc",
  "uml",
  "openvz",
  "test",
  "vmware",
  "hyperv",
  "vbox",
  "phyp",
  "parallels",
  "bhyve",
  "vz",
  "hvf",
];

/** Reads `<domain>` as it is written; defaults are not filled in. */
export function parseDomainElement(
  root: XmlElement,
  context: ParseContext,
  hooks: DomainHooks,
  newUuid: () => string,
): Domain {
  refuseForeignElements(root, hooks);
  const { id, name, writtenUuid, genid } = parseIds(root, context, newUuid);
  const type = parseVirtType(root);
  const osType = parseOsType(root, type);
  const title = childText(root, "title");
  if (title?.includes("\n")) {
    throw confError(child(root, "title") ?? root, "XML_ERROR", "Domain title can't contain newlines");
  }
  const seclabels = parseSeclabels(root, context);
  const { memory, currentMemory, maxMemory, dumpCore } = parseMemory(root);
  const memoryBacking = parseMemoryBacking(root);
  const blkiotune = parseBlkiotune(root);
  const memtune = parseMemtune(root);
  const vcpu = parseVcpus(root);
  const iothreads = parseIothreads(root);
  const defaultIothread = parseDefaultIothread(root);
  const cputune = parseCputune(root, vcpu.max, iothreads, context);
  const cpu = child(root, "cpu");
  const parsedCpu = cpu && parseCpu(cpu);
  checkNumaCpus(cpu ?? child(root, "vcpu") ?? root, parsedCpu, vcpu.max);
  const numatune = parseNumatune(root, parsedCpu?.numa?.cells.length ?? 0, vcpu.placement);
  const pinned =
    (cputune?.vcpupin.length ?? 0) > 0 || cputune?.emulatorpin !== undefined || (cputune?.iothreadpin.length ?? 0) > 0;
  const automatic = numatune?.memory?.placement === "auto" && vcpu.cpuset === undefined && !pinned;
  const resource = parseResource(root);
  const features = parseFeatures(root);
  const onPoweroff = parseAction(root, "on_poweroff") ?? "destroy";
  const onReboot = parseAction(root, "on_reboot") ?? "restart";
  const onCrash = parseAction(root, "on_crash") ?? "destroy";
  const onLockfailure = parseLockFailure(root);
  const pm = parsePm(child(root, "pm"));
  const perf = parsePerf(child(root, "perf"));
  const clock = parseClock(root);
  const os = parseOs(child(root, "os"), context, osType);
  const devices = parseDevices(child(root, "devices"), context);
  const launchSecurity = parseLaunchSecurity(child(root, "launchSecurity"));
  const idmap = parseIdmap(child(root, "idmap"));
  const sysinfos = childElements(root, "sysinfo").map((each) => parseSysinfo(each, writtenUuid));
  const keywrap = parseKeywrap(child(root, "keywrap"));
  const metadata = child(root, "metadata");
  return {
    id,
    name,
    uuid: writtenUuid ?? systemUuid(sysinfos) ?? newUuid(),
    genid,
    type,
    title,
    description: childText(root, "description"),
    metadata: metadata && [keepMetadata(metadata, root)],
    maxMemory,
    memory,
    dumpCore,
    currentMemory,
    blkiotune,
    memtune,
    memoryBacking,
    vcpu: automatic ? { ...vcpu, placement: "auto" } : vcpu,
    iothreads,
    defaultIothread,
    cputune,
    numatune,
    resource,
    sysinfos,
    bootloader: childText(root, "bootloader"),
    bootloaderArgs: childText(root, "bootloader_args"),
    os,
    idmap,
    features,
    cpu: parsedCpu,
    clock,
    onPoweroff,
    onReboot,
    onCrash,
    onLockfailure,
    pm,
    perf,
    devices,
    seclabels,
    keywrap,
    launchSecurity,
    namespace: parseNamespace(root, hooks),
  };
}

function parseMemory(root: XmlElement): Pick<Domain, "memory" | "currentMemory" | "maxMemory" | "dumpCore"> {
  const element = child(root, "memory");
  const memory = memorySize(root, "memory", "./memory[1]") ?? 0;
  const currentMemory = memorySize(root, "currentMemory", "./currentMemory[1]") ?? 0;
  const size = memorySize(root, "maxMemory", "./maxMemory[1]");
  const slots = integerFrom(root, "maxMemory", "slots", "Failed to parse memory slot count");
  return {
    memory,
    currentMemory,
    maxMemory: size === undefined && slots === undefined ? undefined : { size: size ?? 0, slots: slots ?? 0 },
    dumpCore: element && onOffAttribute(element, "dumpCore"),
  };
}

function refuseForeignElements(root: XmlElement, hooks: DomainHooks): void {
  for (const node of root.children) {
    if (!isElement(node) || CHILDREN.has(node.name)) continue;
    if (hooks.namespace === undefined || node.uri !== hooks.namespace.uri)
      throw unknownElement(node, "domain", CHILDREN);
  }
}

/** The hypervisor's own elements. */
function parseNamespace(root: XmlElement, hooks: DomainHooks): NamespaceData | undefined {
  const own = hooks.namespace;
  if (own === undefined) return undefined;
  const elements = root.children.filter(isElement).filter((node) => node.uri === own.uri && !CHILDREN.has(node.name));
  if (elements.length === 0) return undefined;
  const parsed = own.parse(elements);
  return parsed.length === 0 ? undefined : { prefix: own.prefix, uri: own.uri, elements: parsed };
}

function uuidOf(element: XmlElement, text: string, what: string): string {
  const uuid = parseUuid(text);
  if (uuid !== undefined) return uuid;
  throw confError(element, "INTERNAL_ERROR", `malformed ${what} element`, "Write a UUID, or leave it out.");
}

function parseUuidElement(root: XmlElement): string | undefined {
  const text = childText(root, "uuid");
  return text === undefined ? undefined : uuidOf(child(root, "uuid") ?? root, text, "uuid");
}

function parseIds(
  root: XmlElement,
  context: ParseContext,
  newUuid: () => string,
): Pick<Domain, "id" | "name" | "genid"> & { readonly writtenUuid: string | undefined } {
  const id = context.inactive ? undefined : integerAttribute(root, "id", { max: 2147483647 });
  const name = childText(root, "name");
  if (name === undefined) throw confError(root, "NO_NAME", "", "Add <name>.");
  const writtenUuid = parseUuidElement(root);
  const [genid, second] = childElements(root, "genid");
  if (second !== undefined) throw confError(second, "XML_ERROR", "element 'genid' can only appear once");
  const genidText = genid === undefined ? "" : textOf(genid);
  return {
    id,
    name,
    writtenUuid,
    genid:
      genid && (genidText === "" ? { uuid: newUuid(), generated: true } : { uuid: uuidOf(genid, genidText, "genid") }),
  };
}

function parseVirtType(root: XmlElement): VirtType {
  const written = attribute(root, "type");
  if (!written)
    throw confError(root, "INTERNAL_ERROR", "missing domain type attribute", "Add type='qemu' or type='kvm'.");
  return word(root, written, VIRT_TYPES, (value) => `invalid domain type ${value}`);
}

function checkNumaCpus(element: XmlElement, cpu: Domain["cpu"], vcpus: number): void {
  const cpus = cpu?.numa?.cells.flatMap((cell) => cell.cpus ?? []) ?? [];
  if (cpus.length > vcpus) {
    throw confError(element, "INTERNAL_ERROR", "Number of CPUs in <numa> exceeds the <vcpu> count", "Raise <vcpu>.");
  }
  if (Math.max(0, ...cpus) >= vcpus) {
    throw confError(element, "INTERNAL_ERROR", "CPU IDs in <numa> exceed the <vcpu> count", "Raise <vcpu>.");
  }
}

function integerFrom(root: XmlElement, name: string, attributeName: string, complaint: string): number | undefined {
  const text = childAttribute(root, name, attributeName);
  if (text === undefined) return undefined;
  const value = parseInteger(text, { max: 4294967295 });
  if (value === undefined) throw confError(child(root, name) ?? root, "XML_ERROR", complaint, "Write a number.");
  return value;
}

function parseResource(root: XmlElement): Domain["resource"] {
  const [element, second] = childElements(root, "resource");
  if (second !== undefined) throw confError(second, "XML_ERROR", "only one resource element is supported");
  if (element === undefined) return undefined;
  const resource = {
    partition: childText(element, "partition"),
    appid: childAttribute(element, "fibrechannel", "appid"),
  };
  return anySet(resource) ? resource : undefined;
}

function parseIdmap(element: XmlElement | undefined): Domain["idmap"] {
  if (element === undefined) return undefined;
  const entries = (name: string): NonNullable<Domain["idmap"]>["uid"] =>
    childElements(element, name)
      .map((each) => ({
        start: idmapNumber(each, "start"),
        target: idmapNumber(each, "target"),
        count: idmapNumber(each, "count"),
      }))
      .sort((a, b) => a.start - b.start);
  return { uid: entries("uid"), gid: entries("gid") };
}

function idmapNumber(element: XmlElement, name: string): number {
  const value = parseInteger(attribute(element, name) ?? "", { max: 4294967295 });
  if (value !== undefined) return value;
  throw confError(
    element,
    "XML_ERROR",
    "invalid idmap start/target/count settings",
    `Add ${name}='0' or another number.`,
  );
}

function parseAction(root: XmlElement, name: string): LifecycleAction | undefined {
  const written = childText(root, name);
  if (written === undefined) return undefined;
  return word(child(root, name) ?? root, written, LIFECYCLE_ACTIONS, (value) => `unknown ${name} action: ${value}`);
}

function parseLockFailure(root: XmlElement): Domain["onLockfailure"] {
  const name = "on_lockfailure";
  const written = childText(root, name);
  if (written === undefined || written === "default") return undefined;
  const actions = ["poweroff", "restart", "pause", "ignore"] as const;
  return word(
    child(root, name) ?? root,
    written,
    actions,
    (value) => `unknown ${name} action: ${value}`,
    "INTERNAL_ERROR",
  );
}

function parsePm(element: XmlElement | undefined): Domain["pm"] {
  if (element === undefined) return undefined;
  const mem = child(element, "suspend-to-mem");
  const disk = child(element, "suspend-to-disk");
  const pm = {
    suspendToMem: mem && yesNoAttribute(mem, "enabled"),
    suspendToDisk: disk && yesNoAttribute(disk, "enabled"),
  };
  return anySet(pm) ? pm : undefined;
}

const PERF_EVENTS: readonly string[] = (
  "cmt mbmt mbml cpu_cycles instructions cache_references cache_misses branch_instructions branch_misses bus_cycles " +
  "stalled_cycles_frontend stalled_cycles_backend ref_cpu_cycles cpu_clock task_clock page_faults context_switches " +
  "cpu_migrations page_faults_min page_faults_maj alignment_faults emulation_faults"
).split(" ");

function parsePerf(element: XmlElement | undefined): Domain["perf"] {
  if (element === undefined) return undefined;
  const events = new Map<string, "yes" | "no">();
  for (const each of childElements(element, "event")) {
    const name = requiredEnum(each, "name", PERF_EVENTS);
    if (events.has(name)) throw confError(each, "XML_ERROR", `perf event '${name}' was already specified`);
    events.set(name, requiredEnum(each, "enabled", ["yes", "no"]));
  }
  const found = PERF_EVENTS.flatMap((name) => {
    const enabled = events.get(name);
    return enabled === undefined ? [] : [{ name, enabled }];
  });
  return found.length === 0 ? undefined : found;
}

function parseKeywrap(element: XmlElement | undefined): Domain["keywrap"] {
  if (element === undefined) return undefined;
  const keywrap: { aes?: "on" | "off"; dea?: "on" | "off" } = {};
  for (const each of childElements(element, "cipher")) {
    const name = requiredEnum(each, "name", ["aes", "dea"]);
    if (keywrap[name] !== undefined) {
      throw confError(
        each,
        "INTERNAL_ERROR",
        `A domain definition can have no more than one cipher node with name ${name}`,
      );
    }
    keywrap[name] = requiredEnum(each, "state", ["on", "off"]);
  }
  return anySet(keywrap) ? keywrap : undefined;
}

function parseLaunchSecurity(element: XmlElement | undefined): LaunchSecurity | undefined {
  if (element === undefined) return undefined;
  const type = requiredEnum(element, "type", ["sev", "s390-pv"]);
  if (type === "s390-pv") return { type };
  const policy = parseInteger(childText(element, "policy") ?? "", { base: 16 });
  if (policy === undefined)
    throw confError(element, "XML_ERROR", "failed to get launch security policy", "Add <policy>0x0001</policy>.");
  const number = (name: "cbitpos" | "reducedPhysBits"): number | undefined => {
    const text = childText(element, name);
    if (text === undefined) return undefined;
    const value = parseInteger(text);
    const what = name === "cbitpos" ? "cbitpos" : "reduced-phys-bits";
    if (value === undefined) throw confError(element, "XML_ERROR", `Invalid format for launch security ${what}`);
    return value;
  };
  return {
    type,
    kernelHashes: enumAttribute(element, "kernelHashes", ["yes", "no"]),
    cbitpos: number("cbitpos"),
    reducedPhysBits: number("reducedPhysBits"),
    policy,
    dhCert: childText(element, "dhCert"),
    session: childText(element, "session"),
  };
}
