import {
  allowChildren,
  attribute,
  child,
  childElements,
  childText,
  enumAttribute,
  integerAttribute,
  onOffAttribute,
  parseInteger,
  scaledChild,
  type XmlElement,
} from "../../../xml/index.js";
import type { Controller, ControllerDriver, PciController, UsbController } from "../model/index.js";
import { anySet, confError, type ParseContext, parseVirtioOptions, plainNumber, word } from "./context.js";
import { parseDeviceInfo } from "./device-info.js";

const CHILDREN: ReadonlySet<string> = new Set("acpi address alias driver master model pcihole64 target".split(" "));

const TYPES = ["ide", "fdc", "scsi", "sata", "virtio-serial", "ccid", "usb", "pci", "xenbus", "isa"] as const;
const PCI_MODELS = [
  "pci-root",
  "pcie-root",
  "pci-bridge",
  "dmi-to-pci-bridge",
  "pcie-to-pci-bridge",
  "pcie-root-port",
  "pcie-switch-upstream-port",
  "pcie-switch-downstream-port",
  "pci-expander-bus",
  "pcie-expander-bus",
] as const;
const PCI_MODEL_NAMES = [
  "pci-bridge",
  "i82801b11-bridge",
  "ioh3420",
  "x3130-upstream",
  "xio3130-downstream",
  "pxb",
  "pxb-pcie",
  "pcie-root-port",
  "spapr-pci-host-bridge",
  "pcie-pci-bridge",
] as const;
const SCSI_MODELS = [
  "auto",
  "buslogic",
  "lsilogic",
  "lsisas1068",
  "vmpvscsi",
  "ibmvscsi",
  "virtio-scsi",
  "lsisas1078",
  "virtio-transitional",
  "virtio-non-transitional",
  "ncr53c90",
  "dc390",
  "am53c974",
] as const;
const USB_MODELS = [
  "piix3-uhci",
  "piix4-uhci",
  "ehci",
  "ich9-ehci1",
  "ich9-uhci1",
  "ich9-uhci2",
  "ich9-uhci3",
  "vt82c686b-uhci",
  "pci-ohci",
  "nec-xhci",
  "qusb1",
  "qusb2",
  "qemu-xhci",
  "none",
] as const;
const IDE_MODELS = ["piix3", "piix4", "ich6"] as const;
const VIRTIO_SERIAL_MODELS = ["virtio", "virtio-transitional", "virtio-non-transitional"] as const;

export function parseController(element: XmlElement, context: ParseContext): Controller {
  allowChildren(element, CHILDREN);
  const type = enumAttribute(element, "type", TYPES) ?? "ide";
  const driver = child(element, "driver");
  onlyOne(element, "model");
  onlyOne(element, "target");
  const common = {
    kind: "controller",
    index: plainNumber(element, "index") ?? -1,
    driver: driver === undefined ? undefined : parseDriver(driver),
  } as const;
  const model = <const T extends string>(values: readonly T[]): T | undefined => {
    const written = attribute(element, "model");
    return written === undefined
      ? undefined
      : word(element, written, values, (value) => `Unknown model type '${value}'`);
  };
  if (type === "usb") {
    const usb = model(USB_MODELS);
    // a disabled bus has no place of its own
    const info = usb === "none" ? {} : parseDeviceInfo(element, context);
    return { type, model: usb, ports: ports(element), masterStartport: masterPort(element, usb), ...common, ...info };
  }
  const info = parseDeviceInfo(element, context);
  switch (type) {
    case "pci":
      return { type, ...parsePci(element, model(PCI_MODELS)), ...common, ...info };
    case "scsi":
      return { type, model: model(SCSI_MODELS), ...common, ...info };
    case "ide":
      return { type, model: model(IDE_MODELS), ...common, ...info };
    case "virtio-serial":
      return {
        type,
        model: model(VIRTIO_SERIAL_MODELS),
        ports: ports(element),
        vectors: plainNumber(element, "vectors"),
        ...common,
        ...info,
      };
    case "xenbus":
      model([]);
      return {
        type,
        maxGrantFrames: plainNumber(element, "maxGrantFrames"),
        maxEventChannels: plainNumber(element, "maxEventChannels"),
        ...common,
        ...info,
      };
    default:
      model([]);
      return { type, ...common, ...info };
  }
}

function onlyOne(element: XmlElement, name: string): void {
  const [, second] = childElements(element, name);
  if (second !== undefined) {
    throw confError(second, "XML_ERROR", `Multiple <${name}> elements in controller definition not allowed`);
  }
}

function ports(element: XmlElement): number | undefined {
  return plainNumber(element, "ports");
}

const COMPANION_PORTS: Readonly<Record<string, number>> = { "ich9-uhci1": 0, "ich9-uhci2": 2, "ich9-uhci3": 4 };

function masterPort(element: XmlElement, model: UsbController["model"]): number | undefined {
  const master = child(element, "master");
  if (master !== undefined && model !== "none") return integerAttribute(master, "startport") ?? 0;
  return model === undefined ? undefined : COMPANION_PORTS[model];
}

function parseDriver(element: XmlElement): ControllerDriver | undefined {
  const driver: ControllerDriver = {
    queues: integerAttribute(element, "queues") || undefined,
    cmdPerLun: integerAttribute(element, "cmd_per_lun") || undefined,
    maxSectors: integerAttribute(element, "max_sectors") || undefined,
    ioeventfd: onOffAttribute(element, "ioeventfd"),
    iothread: integerAttribute(element, "iothread") || undefined,
    ...parseVirtioOptions(element),
  };
  return anySet(driver) ? driver : undefined;
}

function parsePci(
  element: XmlElement,
  model: PciController["model"],
): Pick<PciController, "model" | "modelName" | "target" | "pcihole64"> {
  const name = child(element, "model");
  const target = child(element, "target");
  const root = model === "pci-root" || model === "pcie-root";
  const hole = root ? scaledChild(element, "pcihole64", 1024) : undefined;
  return {
    model,
    modelName:
      name === undefined || attribute(name, "name") === "none"
        ? undefined
        : enumAttribute(name, "name", PCI_MODEL_NAMES),
    target: target === undefined ? undefined : parsePciTarget(target),
    pcihole64: hole === undefined ? undefined : Math.ceil(hole / 1024),
  };
}

function parsePciTarget(element: XmlElement): PciController["target"] {
  const number = (name: string): number | undefined => plainNumber(element, name, 0);
  const text = childText(element, "node");
  const node = text === undefined ? undefined : parseInteger(text);
  if (text !== undefined && node === undefined) throw confError(element, "XML_ERROR", "invalid NUMA node in target");
  const target = {
    chassisNr: number("chassisNr"),
    chassis: number("chassis"),
    port: number("port"),
    busNr: number("busNr"),
    index: number("index"),
    hotplug: onOffAttribute(element, "hotplug"),
    node,
  };
  return anySet(target) ? target : undefined;
}
