import type { PciController, PciControllerModel, PciControllerModelName } from "@polyvisor/sdk/conf";
import { has, type QemuFlag } from "../../capabilities/index.js";
import { isI440fx, isPseries, isQ35 } from "../machine.js";
import type { Checked } from "./context.js";
import { internal, refuse } from "./refuse.js";

/** What QEMU calls a controller of each model; the roots are the board's own. */
const NAMES: Readonly<Record<PciControllerModel, readonly PciControllerModelName[]>> = {
  "pci-root": ["spapr-pci-host-bridge"],
  "pcie-root": [],
  "pci-bridge": ["pci-bridge"],
  "dmi-to-pci-bridge": ["i82801b11-bridge"],
  "pcie-to-pci-bridge": ["pcie-pci-bridge"],
  "pcie-root-port": ["ioh3420", "pcie-root-port"],
  "pcie-switch-upstream-port": ["x3130-upstream"],
  "pcie-switch-downstream-port": ["xio3130-downstream"],
  "pci-expander-bus": ["pxb"],
  "pcie-expander-bus": ["pxb-pcie"],
};

const FLAGS: Readonly<Record<PciControllerModelName, QemuFlag>> = {
  "pci-bridge": "pci-bridge",
  "i82801b11-bridge": "dmi-to-pci-bridge",
  ioh3420: "ioh3420",
  "x3130-upstream": "x3130-upstream",
  "xio3130-downstream": "xio3130-downstream",
  pxb: "pxb",
  "pxb-pcie": "pxb-pcie",
  "pcie-root-port": "pcie-root-port",
  "spapr-pci-host-bridge": "spapr-pci-host-bridge",
  "pcie-pci-bridge": "pcie-pci-bridge",
};

type Option = "targetIndex" | "pcihole64" | "busNr" | "numaNode" | "chassisNr" | "chassis" | "port" | "hotplug";

/** The models that have an option; those that must have it. */
const OPTIONS: readonly { readonly option: Option; readonly allowed: string; readonly required?: boolean }[] = [
  { option: "targetIndex", allowed: "pci-root" },
  { option: "pcihole64", allowed: "pci-root pcie-root" },
  { option: "busNr", allowed: "pci-expander-bus pcie-expander-bus", required: true },
  { option: "numaNode", allowed: "pci-root pci-expander-bus pcie-expander-bus" },
  { option: "chassisNr", allowed: "pci-bridge", required: true },
  { option: "chassis", allowed: "pcie-root-port pcie-switch-downstream-port", required: true },
  { option: "port", allowed: "pcie-root-port pcie-switch-downstream-port", required: true },
  { option: "hotplug", allowed: "pci-root pcie-root-port pcie-switch-downstream-port" },
];

function optionOf({ pcihole64, target }: PciController, option: Option): unknown {
  switch (option) {
    case "targetIndex":
      return target?.index;
    case "numaNode":
      return target?.node;
    case "pcihole64":
      return pcihole64;
    default:
      return target?.[option];
  }
}

export function checkPciController(controller: PciController, checked: Checked): void {
  const { model, modelName } = controller;
  if (model === undefined) return;
  const about = `for PCI controller with index '${controller.index}', model '${model}' and modelName '${modelName ?? "none"}'`;
  const missing = (option: string) => internal(`Required option '${option}' is not set ${about}`);
  const invalid = (option: string) => refuse(`Option '${option}' is not valid ${about}`);
  const { domain } = checked;
  const nameless = model === "pcie-root" || (model === "pci-root" && !isPseries(domain));
  if (nameless && modelName !== undefined) throw invalid("modelName");
  if (!nameless && modelName === undefined) throw missing("modelName");
  if (modelName !== undefined && !NAMES[model].includes(modelName))
    throw refuse(`Option 'modelName' has invalid value ${about}`);
  checkIndex(controller, model);
  const phb = modelName === "spapr-pci-host-bridge";
  for (const { option, allowed, required } of OPTIONS) {
    const value = optionOf(controller, option);
    const here = allowed.split(" ").includes(model);
    if (value !== undefined && !here) throw invalid(option);
    if (value === undefined && here && (required === true || (option === "targetIndex" && phb))) throw missing(option);
    if (value === undefined) continue;
    if (option === "targetIndex" && !phb) throw invalid(option);
    if (option === "numaNode" && model === "pci-root" && (!phb || controller.target?.index === 0))
      throw invalid(option);
    if (option === "pcihole64") checkHole(model, checked);
    if (option === "hotplug") checkHotplug(model, modelName, checked);
  }
  checkDevice(controller, modelName, checked);
}

function checkIndex({ index, modelName }: PciController, model: PciControllerModel): void {
  const root = model === "pci-root" || model === "pcie-root";
  if (root && modelName === "spapr-pci-host-bridge") return;
  if (root && index !== 0) throw refuse(`Index for '${model}' controllers must be 0`);
  if (!root && index === 0) throw refuse(`Index for '${model}' controllers must be > 0`);
}

function checkHole(model: PciControllerModel, { domain }: Checked): void {
  if (model === "pci-root" ? isI440fx(domain) : isQ35(domain)) return;
  throw refuse(`Setting the 64-bit PCI hole size is not supported for machine '${domain.os.machine}'`);
}

function checkHotplug(model: PciControllerModel, modelName: string | undefined, { caps }: Checked): void {
  const flag = model === "pci-root" ? "piix4.acpi-root-pci-hotplug" : "pcie-root-port.hotplug";
  if (has(caps, flag)) return;
  const device = model === "pci-root" ? "pci-root" : modelName;
  throw refuse(`setting the 'hotplug' property on a '${device}' device is not supported by this QEMU binary`);
}

function checkDevice(
  { target }: PciController,
  modelName: PciControllerModelName | undefined,
  { caps }: Checked,
): void {
  if (modelName === undefined) return;
  if (!has(caps, FLAGS[modelName])) throw refuse(`The '${modelName}' device is not supported by this QEMU binary`);
  const nodes = modelName !== "spapr-pci-host-bridge" || has(caps, "spapr-pci-host-bridge.numa_node");
  if (target?.node !== undefined && !nodes)
    throw refuse(`Option 'numaNode' is not supported by '${modelName}' device with this QEMU binary`);
}
