import {
  attribute,
  child,
  childElements,
  childInteger,
  childText,
  enumAttribute,
  integerAttribute,
  longAttribute,
  requiredEnum,
  textOf,
  type XmlElement,
} from "../../xml/index.js";
import { errorsOf, parseDocument } from "../document.js";
import type { VirtType } from "../domain/model/index.js";
import { parseCpu } from "../domain/parse/cpu.js";
import { VIRT_TYPES } from "../domain/parse/domain.js";
import {
  type CapabilityDevice,
  type CapabilitySection,
  type CpuCapability,
  type CpuModeCapability,
  DEVICE_ENUMS,
  type DomainCapabilities,
  type FeatureCapabilities,
  type OsCapability,
  type SevCapability,
  type SgxCapability,
  SIMPLE_FEATURES,
} from "./model.js";

const KIND = {
  root: "domainCapabilities",
  documentName: "(domain_capabilities)",
  errorDomain: "CAPABILITIES",
} as const;
const error = errorsOf(KIND.errorDomain);
const YES_NO = ["yes", "no"] as const;
const ON_OFF = ["on", "off"] as const;

/** Domain capabilities as a manager printed them, for programs that ask for them. */
export function parseDomainCapabilities(xml: string): DomainCapabilities {
  const root = parseDocument(xml, KIND);
  const vcpu = child(root, "vcpu");
  const os = child(root, "os");
  const devices = child(root, "devices");
  return {
    path: childText(root, "path"),
    type: parseType(root),
    machine: childText(root, "machine"),
    arch: childText(root, "arch") ?? missing(root, "arch"),
    maxVcpus: vcpu && integerAttribute(vcpu, "max"),
    iothreads: isSupported(root, "iothreads"),
    os: os && parseOs(os),
    cpu: parseCpuModes(child(root, "cpu")),
    memoryBacking: parseSection(child(root, "memoryBacking"), ["sourceType"]),
    devices: Object.fromEntries(
      (Object.keys(DEVICE_ENUMS) as CapabilityDevice[]).flatMap((name) => {
        const section = parseSection<string>(devices && child(devices, name), DEVICE_ENUMS[name]);
        return section === undefined ? [] : [[name, section]];
      }),
    ),
    features: parseFeatures(child(root, "features")),
  };
}

function missing(element: XmlElement, name: string): never {
  throw error(element, "XML_ERROR", `missing ${name} in domain capabilities`, `Add <${name}>.`);
}

function parseType(root: XmlElement): VirtType {
  const written = childText(root, "domain") ?? missing(root, "domain");
  const type = VIRT_TYPES.find((each) => each === written);
  if (type !== undefined) return type;
  throw error(child(root, "domain") ?? root, "XML_ERROR", `unknown virtualization type '${written}'`);
}

function isSupported(parent: XmlElement, name: string): boolean | undefined {
  const element = child(parent, name);
  return element && enumAttribute(element, "supported", YES_NO) === "yes";
}

function parseEnum(parent: XmlElement, name: string): readonly string[] | undefined {
  const list = childElements(parent, "enum").find((each) => attribute(each, "name") === name);
  return list && childElements(list, "value").map(textOf);
}

function parseSection<Name extends string>(
  element: XmlElement | undefined,
  names: readonly Name[],
): CapabilitySection<Name> | undefined {
  if (element === undefined) return undefined;
  if (requiredEnum(element, "supported", YES_NO) === "no") return { supported: false };
  const enums: { [N in Name]?: readonly string[] } = {};
  for (const name of names) {
    const values = parseEnum(element, name);
    if (values !== undefined) enums[name] = values;
  }
  return { supported: true, enums };
}

function parseOs(element: XmlElement): OsCapability {
  const os = parseSection(element, ["firmware"]);
  if (os?.supported !== true) return { supported: false };
  const loader = child(element, "loader");
  const section = parseSection(loader, ["type", "readonly", "secure"]);
  const values = loader === undefined ? [] : childElements(loader, "value").map(textOf);
  return { ...os, loader: section?.supported === true ? { ...section, values } : section };
}

function parseCpuModes(element: XmlElement | undefined): CpuCapability {
  const modes = new Map(
    (element === undefined ? [] : childElements(element, "mode"))
      .filter((mode) => enumAttribute(mode, "supported", YES_NO) === "yes")
      .map((mode) => [attribute(mode, "name"), mode]),
  );
  const hostModel = modes.get("host-model");
  const custom = modes.get("custom");
  return {
    hostPassthrough: parseHostMode(modes.get("host-passthrough"), "hostPassthroughMigratable"),
    maximum: parseHostMode(modes.get("maximum"), "maximumMigratable"),
    hostModel: hostModel && parseCpu({ ...hostModel, name: "cpu", attributes: [{ name: "mode", value: "custom" }] }),
    custom: custom === undefined ? [] : childElements(custom, "model").map(parseModel),
  };
}

function parseHostMode(mode: XmlElement | undefined, listName: string): CpuModeCapability {
  if (mode === undefined) return { supported: false };
  const values = parseEnum(mode, listName);
  return { supported: true, migratable: values && ON_OFF.filter((each) => values.includes(each)) };
}

function parseModel(element: XmlElement): CpuCapability["custom"][number] {
  const vendor = attribute(element, "vendor");
  return {
    name: textOf(element),
    usable: requiredEnum(element, "usable", ["yes", "no", "unknown"]),
    deprecated: attribute(element, "deprecated") === "yes" || undefined,
    vendor: vendor === "unknown" ? undefined : vendor,
  };
}

function parseFeatures(element: XmlElement | undefined): FeatureCapabilities {
  if (element === undefined) return { simple: {} };
  const simple: Partial<Record<(typeof SIMPLE_FEATURES)[number], boolean>> = {};
  for (const name of SIMPLE_FEATURES) {
    const supported = isSupported(element, name);
    if (supported !== undefined) simple[name] = supported;
  }
  const sev = child(element, "sev");
  const sgx = child(element, "sgx");
  return {
    gic: parseSection(child(element, "gic"), ["version"]),
    simple,
    sev: sev && isSupported(element, "sev") === true ? parseSev(sev) : undefined,
    sgx: sgx && isSupported(element, "sgx") === true ? parseSgx(sgx) : undefined,
    hyperv: parseSection(child(element, "hyperv"), ["features"]),
  };
}

function parseSev(element: XmlElement): SevCapability {
  return {
    cbitpos: childInteger(element, "cbitpos") ?? 0,
    reducedPhysBits: childInteger(element, "reducedPhysBits") ?? 0,
    maxGuests: childInteger(element, "maxGuests") ?? 0,
    maxESGuests: childInteger(element, "maxESGuests") ?? 0,
    cpu0Id: childText(element, "cpu0Id"),
  };
}

function parseSgx(element: XmlElement): SgxCapability {
  const sections = child(element, "sections");
  return {
    flc: childText(element, "flc") === "yes",
    sgx1: childText(element, "sgx1") === "yes",
    sgx2: childText(element, "sgx2") === "yes",
    sectionSize: childInteger(element, "section_size") ?? 0,
    sections: (sections === undefined ? [] : childElements(sections, "section")).map((section) => ({
      node: integerAttribute(section, "node") ?? 0,
      size: longAttribute(section, "size") ?? 0,
    })),
  };
}
