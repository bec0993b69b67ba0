import { attr, XmlWriter } from "../../xml/index.js";
import { formatCpuBody } from "../domain/format/cpu.js";
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

const yesNo = (value: boolean): "yes" | "no" => (value ? "yes" : "no");
const SUPPORTED = attr("supported", "yes");
const UNSUPPORTED = attr("supported", "no");

/** The capabilities' XML, to the byte as libvirt prints it. */
export function formatDomainCapabilities(capabilities: DomainCapabilities): string {
  const w = new XmlWriter();
  w.block("domainCapabilities", "", () => {
    w.leaf("path", capabilities.path);
    w.leaf("domain", capabilities.type);
    w.leaf("machine", capabilities.machine);
    w.leaf("arch", capabilities.arch);
    if (capabilities.maxVcpus) w.empty("vcpu", attr("max", capabilities.maxVcpus));
    if (capabilities.iothreads !== undefined) w.empty("iothreads", attr("supported", yesNo(capabilities.iothreads)));
    if (capabilities.os !== undefined) writeOs(w, capabilities.os);
    w.block("cpu", "", () => writeCpu(w, capabilities.cpu));
    writeSection(w, "memoryBacking", ["sourceType"], capabilities.memoryBacking);
    w.block("devices", "", () => {
      for (const name of Object.keys(DEVICE_ENUMS) as CapabilityDevice[]) {
        writeSection(w, name, DEVICE_ENUMS[name], capabilities.devices[name]);
      }
    });
    w.block("features", "", () => writeFeatures(w, capabilities.features));
  });
  return w.toString();
}

function writeEnum(w: XmlWriter, name: string, values: readonly string[] | undefined): void {
  if (values === undefined) return;
  w.elementAlways("enum", attr("name", name), () => {
    for (const value of values) w.leaf("value", value);
  });
}

function writeSection<Name extends string>(
  w: XmlWriter,
  element: string,
  names: readonly Name[],
  section: CapabilitySection<Name> | undefined,
  before: () => void = () => {},
  after: () => void = () => {},
): void {
  if (section === undefined) return;
  if (!section.supported) {
    w.empty(element, UNSUPPORTED);
    return;
  }
  w.block(element, SUPPORTED, () => {
    before();
    for (const name of names) writeEnum(w, name, section.enums[name]);
    after();
  });
}

function writeOs(w: XmlWriter, os: OsCapability): void {
  const loader = os.supported ? os.loader : undefined;
  const writeValues = (): void => {
    if (loader?.supported !== true) return;
    for (const value of loader.values) w.leaf("value", value);
  };
  writeSection(w, "os", ["firmware"], os, undefined, () =>
    writeSection(w, "loader", ["type", "readonly", "secure"], loader, writeValues),
  );
}

function writeCpu(w: XmlWriter, cpu: CpuCapability): void {
  writeHostMode(w, "host-passthrough", "hostPassthroughMigratable", cpu.hostPassthrough);
  writeHostMode(w, "maximum", "maximumMigratable", cpu.maximum);
  const { hostModel, custom } = cpu;
  const model = attr("name", "host-model");
  if (hostModel === undefined) w.empty("mode", model + UNSUPPORTED);
  else w.block("mode", model + SUPPORTED, () => formatCpuBody(w, hostModel));
  const mode = attr("name", "custom");
  if (custom.length === 0) w.empty("mode", mode + UNSUPPORTED);
  else {
    w.block("mode", mode + SUPPORTED, () => {
      for (const { name, usable, deprecated, vendor } of custom) {
        const age = deprecated === true ? attr("deprecated", "yes") : "";
        w.leaf("model", name, attr("usable", usable) + age + attr("vendor", vendor ?? "unknown"));
      }
    });
  }
}

function writeHostMode(w: XmlWriter, name: string, listName: string, mode: CpuModeCapability): void {
  const attributes = attr("name", name) + attr("supported", yesNo(mode.supported));
  const migratable = mode.supported ? mode.migratable : undefined;
  if (migratable === undefined) w.empty("mode", attributes);
  else w.block("mode", attributes, () => writeEnum(w, listName, migratable));
}

function writeFeatures(w: XmlWriter, features: FeatureCapabilities): void {
  writeSection(w, "gic", ["version"], features.gic);
  for (const name of SIMPLE_FEATURES) {
    const supported = features.simple[name];
    if (supported !== undefined) w.empty(name, attr("supported", yesNo(supported)));
  }
  writeSev(w, features.sev);
  writeSgx(w, features.sgx);
  writeSection(w, "hyperv", ["features"], features.hyperv);
}

function writeSev(w: XmlWriter, sev: SevCapability | undefined): void {
  if (sev === undefined) {
    w.empty("sev", UNSUPPORTED);
    return;
  }
  w.block("sev", SUPPORTED, () => {
    w.leaf("cbitpos", sev.cbitpos);
    w.leaf("reducedPhysBits", sev.reducedPhysBits);
    w.leaf("maxGuests", sev.maxGuests);
    w.leaf("maxESGuests", sev.maxESGuests);
    w.leaf("cpu0Id", sev.cpu0Id);
  });
}

function writeSgx(w: XmlWriter, sgx: SgxCapability | undefined): void {
  if (sgx === undefined) {
    w.empty("sgx", UNSUPPORTED);
    return;
  }
  const kib = attr("unit", "KiB");
  w.block("sgx", SUPPORTED, () => {
    w.leaf("flc", yesNo(sgx.flc));
    w.leaf("sgx1", yesNo(sgx.sgx1));
    w.leaf("sgx2", yesNo(sgx.sgx2));
    w.leaf("section_size", sgx.sectionSize, kib);
    w.element("sections", "", () => {
      for (const { node, size } of sgx.sections) w.empty("section", attr("node", node) + attr("size", size) + kib);
    });
  });
}
