import { attribute, child, childElements, childText, parseXml, type XmlElement } from "@polyvisor/sdk/xml";
import type {
  AccelCapabilities,
  CpuDefinition,
  HostCpu,
  MachineType,
  QemuCapabilities,
  QemuFlag,
} from "../capabilities/index.js";

/** The capabilities of an emulator from libvirt's cache file. */
export function readCapsFile(text: string): QemuCapabilities {
  const root = parseXml(text, { documentName: "capabilities", errorDomain: "QEMU" });
  const content = (name: string) => childText(root, name) ?? "";
  const arch = content("arch");
  const kvm = accelOf(root, "kvm");
  const tcg = accelOf(root, "tcg");
  return {
    emulator: content("emulator"),
    version: Number(content("version")),
    package: content("package"),
    arch,
    // Flags that we never ask for do no harm.
    flags: childElements(root, "flag").map((flag) => attribute(flag, "name") as QemuFlag),
    ...(kvm === undefined ? {} : { kvm }),
    ...(tcg === undefined ? {} : { tcg }),
    ...sevOf(child(root, "sev")),
    ...sgxOf(child(root, "sgx")),
    ...hypervOf(child(root, "hypervCapabilities")),
    gic: childElements(root, "gic").map((gic) => ({
      version: attribute(gic, "version") === "3" ? 3 : 2,
      kernel: attribute(gic, "kernel") === "yes",
      emulated: attribute(gic, "emulated") === "yes",
    })),
  };
}

function sevOf(element: XmlElement | undefined): Pick<QemuCapabilities, "sev"> {
  if (element === undefined) return {};
  const number = (name: string) => Number(childText(element, name));
  return { sev: { cbitpos: number("cbitpos"), reducedPhysBits: number("reducedPhysBits") } };
}

function sgxOf(element: XmlElement | undefined): Pick<QemuCapabilities, "sgx"> {
  if (element === undefined || attribute(element, "supported") !== "yes") return {};
  const flag = (name: string) => childText(element, name) === "yes";
  const sections = child(element, "sections");
  const number = (section: XmlElement, name: string) => Number(attribute(section, name));
  return {
    sgx: {
      flc: flag("flc"),
      sgx1: flag("sgx1"),
      sgx2: flag("sgx2"),
      sectionSize: Number(childText(element, "section_size")),
      sections: (sections === undefined ? [] : childElements(sections, "section")).map((section) => ({
        node: number(section, "node"),
        size: number(section, "size"),
      })),
    },
  };
}

function hypervOf(element: XmlElement | undefined): Pick<QemuCapabilities, "hyperv"> {
  if (element === undefined) return {};
  return { hyperv: childElements(element, "cap").map((each) => attribute(each, "name") ?? "") };
}

function accelOf(root: XmlElement, type: "kvm" | "tcg"): AccelCapabilities | undefined {
  const of = (name: string) => childElements(root, name).filter((element) => attribute(element, "type") === type);
  const machines = of("machine").map(machineFrom);
  if (machines.length === 0) return undefined;
  const [hostCpu] = of("hostCPU").map(hostCpuFrom);
  return { machines, cpus: of("cpu").map(cpuFrom), ...(hostCpu === undefined ? {} : { hostCpu }) };
}

function machineFrom(element: XmlElement): MachineType {
  const alias = attribute(element, "alias");
  const defaultCpu = attribute(element, "defaultCPU");
  const defaultRamId = attribute(element, "defaultRAMid");
  return {
    name: attribute(element, "name") ?? "",
    ...(alias === undefined ? {} : { alias }),
    maxCpus: Number(attribute(element, "maxCpus") ?? 0),
    hotplugCpus: attribute(element, "hotplugCpus") === "yes",
    ...(defaultCpu === undefined ? {} : { defaultCpu }),
    ...(defaultRamId === undefined ? {} : { defaultRamId }),
    numaMemSupported: attribute(element, "numaMemSupported") === "yes",
    deprecated: attribute(element, "deprecated") === "yes",
  };
}

function cpuFrom(element: XmlElement): CpuDefinition {
  const typename = attribute(element, "typename");
  const blockers = childElements(element, "blocker").map((blocker) => attribute(blocker, "name") ?? "");
  const usable = attribute(element, "usable");
  return {
    name: attribute(element, "name") ?? "",
    ...(typename === undefined ? {} : { typename }),
    ...(usable === undefined ? {} : { blockers }),
    deprecated: attribute(element, "deprecated") === "yes",
  };
}

function hostCpuFrom(element: XmlElement): HostCpu {
  const properties = childElements(element, "property").map((property) => {
    const text = attribute(property, "value") ?? "";
    const type = attribute(property, "type");
    const migratable = attribute(property, "migratable");
    return {
      name: attribute(property, "name") ?? "",
      value: type === "boolean" ? text === "true" : type === "number" ? Number(text) : text,
      ...(migratable === undefined ? {} : { migratable: migratable === "yes" }),
    };
  });
  return { name: attribute(element, "model") ?? "", properties };
}
