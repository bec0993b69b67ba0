import { VirtError } from "@polyvisor/core";
import type { Controller, Domain, PciController, ScsiController, UsbController } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities } from "../capabilities/index.js";
import { hasBuiltinScsi, isArmVirt, isI440fx, isPseries, isQ35 } from "./machine.js";

const XHCI_MAX_PORTS = 15;

export function controllerDefaults(each: Controller, domain: Domain, caps: QemuCapabilities | undefined): Controller {
  switch (each.type) {
    case "scsi":
      return { ...each, model: defaultScsi(each, domain, caps) };
    case "usb":
      return usbDefaults(each, domain, caps);
    case "pci":
      checkPci(each, domain);
      return each;
    default:
      return each;
  }
}

function defaultScsi(
  each: ScsiController,
  domain: Domain,
  caps: QemuCapabilities | undefined,
): ScsiController["model"] {
  if (each.model !== undefined && each.model !== "auto") return each.model;
  if (isPseries(domain)) return "ibmvscsi";
  if ((domain.os.arch ?? "").startsWith("s390")) return "virtio-scsi";
  if (caps === undefined) return undefined;
  if (has(caps, "lsi")) return "lsilogic";
  if (has(caps, "virtio-scsi-pci")) return "virtio-scsi";
  if (hasBuiltinScsi(domain)) return "ncr53c90";
  throw new VirtError("INTERNAL_ERROR", `Unable to determine model for SCSI controller idx=${each.index}`, {
    domain: "QEMU",
    hint: "give the controller a model, such as model='virtio-scsi'",
  });
}

function usbDefaults(each: UsbController, domain: Domain, caps: QemuCapabilities | undefined): UsbController {
  const model = each.model ?? (caps === undefined ? undefined : defaultUsb(each, domain, caps));
  const refuse = (detail: string): never => {
    throw new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "QEMU" });
  };
  if (model === "qusb1" || model === "qusb2")
    refuse(`USB controller model type 'qusb1' or 'qusb2' is not supported in ${domain.type}`);
  if ((model === "nec-xhci" || model === "qemu-xhci") && (each.ports ?? 0) > XHCI_MAX_PORTS)
    refuse(`'${model}' controller only supports up to '${XHCI_MAX_PORTS}' ports`);
  return { ...each, model };
}

function defaultUsb(each: UsbController, domain: Domain, caps: QemuCapabilities): UsbController["model"] {
  const arch = domain.os.arch ?? "";
  const usual = has(caps, "piix3-usb-uhci") ? "piix3-uhci" : undefined;
  if (arch.startsWith("s390")) return each.address === undefined ? "none" : usual;
  if (arch.startsWith("ppc64")) return has(caps, "pci-ohci") ? "pci-ohci" : undefined;
  if (arch !== "aarch64") return usual;
  if (has(caps, "qemu-xhci")) return "qemu-xhci";
  return has(caps, "nec-usb-xhci") ? "nec-xhci" : usual;
}

function checkPci({ model, index, target }: PciController, domain: Domain): void {
  const refuse = (code: "XML_ERROR" | "CONFIG_UNSUPPORTED", detail: string): never => {
    throw new VirtError(code, detail, { domain: "QEMU" });
  };
  if (!isPseries(domain) && (model === "pci-root" || model === "pcie-root") && index !== 0)
    refuse("XML_ERROR", "pci-root and pcie-root controllers should have index 0");
  if (model === "pci-expander-bus" && !isI440fx(domain))
    refuse("CONFIG_UNSUPPORTED", "pci-expander-bus controllers are only supported on 440fx-based machinetypes");
  if (model === "pcie-expander-bus" && !isQ35(domain) && !isArmVirt(domain))
    refuse("CONFIG_UNSUPPORTED", "pcie-expander-bus controllers are not supported with this machine type");
  const cells = domain.cpu?.numa?.cells.length ?? 0;
  if (target?.node !== undefined && target.node >= cells) {
    refuse(
      "XML_ERROR",
      `${model} with index ${index} is configured for a NUMA node (${target.node}) not present in the domain's <cpu><numa> array (${cells})`,
    );
  }
}
