import { formatHostCpu } from "../conf/capabilities.js";
import { formatCpu } from "../conf/domain/format/cpu.js";
import { parseCpu } from "../conf/domain/parse/cpu.js";
import { ARCHITECTURES } from "../conf/domain/words.js";
import {
  attribute,
  child,
  childElements,
  childText,
  errorAt,
  parseInteger,
  parseXml,
  type XmlElement,
  XmlWriter,
} from "../xml/index.js";
import { type CpuDefinition, type HostCpu, isHostCpu } from "./definition.js";
import { cpuError } from "./map/source.js";

/** A `<cpu>`: a host's where it has `<arch>`, a guest's otherwise. Throws `VirtError` in libvirt's words. */
export function parseCpuDefinition(xml: string): CpuDefinition {
  return readCpuDefinition(parseDocument(xml));
}

/** The same from an element. */
export function readCpuDefinition(element: XmlElement): CpuDefinition {
  checkName(element);
  if (child(element, "arch") === undefined) return parseCpu(element);
  if (attribute(element, "match") !== undefined) {
    const words = "'arch' element cannot be used inside 'cpu' element with 'match' attribute'";
    throw errorAt(element, "XML_ERROR", words, "Leave out one of them.");
  }
  return readHostCpu(element);
}

/** A list of definitions as connectBaselineCPU takes it: of hosts alone, or of either. */
export function parseCpuList(xmlCPUs: readonly string[], kind: "host" | "any"): readonly CpuDefinition[] {
  if (xmlCPUs.length === 0) throw cpuError("INVALID_ARG", "no CPUs given");
  return xmlCPUs.map((xml) => (kind === "any" ? parseCpuDefinition(xml) : parseHostCpu(xml)));
}

function parseHostCpu(xml: string): HostCpu {
  const element = parseDocument(xml);
  checkName(element);
  return readHostCpu(element);
}

function parseDocument(xml: string): XmlElement {
  return parseXml(xml, { documentName: "(CPU_definition)", errorDomain: "CPU" });
}

function checkName(element: XmlElement): void {
  if (element.name !== "cpu") throw errorAt(element, "XML_ERROR", "XML does not contain expected 'cpu' element");
}

function readHostCpu(element: XmlElement): HostCpu {
  if (attribute(element, "mode") !== undefined)
    throw errorAt(element, "CONFIG_UNSUPPORTED", "Attribute mode is only allowed for guest CPU");
  const arch = childText(element, "arch");
  if (arch === undefined) throw errorAt(element, "XML_ERROR", "Missing CPU architecture", "Add <arch>.");
  if (!ARCHITECTURES.includes(arch)) throw errorAt(element, "CONFIG_UNSUPPORTED", `Unknown architecture ${arch}`);
  // What both kinds have in common is read as a guest's; policies mean nothing to a host.
  const { model, vendor, topology, maxphysaddr, features } = parseCpu(commonPart(element));
  if (model === undefined) throw errorAt(element, "XML_ERROR", "Missing CPU model name", "Add <model>.");
  return {
    arch,
    model,
    vendor,
    microcode: microcodeOf(element),
    signature: signatureOf(element),
    tsc: tscOf(element),
    topology,
    maxphysaddr,
    features: features.map(({ name }) => name),
  };
}

const COMMON: ReadonlySet<string> = new Set(["model", "vendor", "topology", "maxphysaddr", "feature"]);

function commonPart(element: XmlElement): XmlElement {
  const children = childElements(element)
    .filter(({ name }) => COMMON.has(name))
    .map((each) => (each.name === "feature" || each.name === "model" ? withoutWish(each) : each));
  return { ...element, attributes: [], children };
}

const WISHES: ReadonlySet<string> = new Set(["policy", "fallback", "vendor_id"]);

function withoutWish(element: XmlElement): XmlElement {
  return { ...element, attributes: element.attributes.filter(({ name }) => !WISHES.has(name)) };
}

function numberOf(element: XmlElement, name: string): number | undefined {
  return parseInteger(attribute(element, name) ?? "");
}

function microcodeOf(element: XmlElement): number | undefined {
  const microcode = child(element, "microcode");
  if (microcode === undefined || attribute(microcode, "version") === undefined) return undefined;
  const version = numberOf(microcode, "version");
  if (version === undefined) throw errorAt(microcode, "CONFIG_UNSUPPORTED", "invalid microcode version");
  return version;
}

function signatureOf(element: XmlElement): HostCpu["signature"] {
  const signature = child(element, "signature");
  if (signature === undefined) return undefined;
  const required = (name: string): number => {
    const value = numberOf(signature, name);
    if (value !== undefined) return value;
    const written = attribute(signature, name);
    const words =
      written === undefined
        ? `Missing required attribute '${name}' in element 'signature'`
        : `Invalid value for attribute '${name}' in element 'signature': '${written}'. Expected integer value`;
    throw errorAt(signature, "XML_ERROR", words);
  };
  return { family: required("family"), model: required("model"), stepping: required("stepping") };
}

function tscOf(element: XmlElement): HostCpu["tsc"] {
  const counter = childElements(element, "counter").find((each) => attribute(each, "name") === "tsc");
  const frequency = counter && numberOf(counter, "frequency");
  if (counter === undefined || frequency === undefined) return undefined;
  const scaling = attribute(counter, "scaling");
  return { frequency, scaling: scaling === "yes" || scaling === "no" ? scaling : undefined };
}

/** A definition's XML, to the byte as libvirt prints it. */
export function formatCpuDefinition(cpu: CpuDefinition): string {
  const w = new XmlWriter();
  if (!isHostCpu(cpu)) formatCpu(w, cpu);
  else {
    w.block("cpu", "", () => {
      w.leaf("arch", cpu.arch);
      formatHostCpu(w, cpu);
    });
  }
  return w.toString();
}
