import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import type { Controller, PciController } from "../model/index.js";
import { type FormatContext, hex, virtioOptions } from "./context.js";
import { formatDeviceInfo } from "./device-info.js";

export function formatController(w: XmlWriter, controller: Controller, context: FormatContext): void {
  w.element("controller", attributes(controller), () => {
    if (controller.type === "pci") formatPci(w, controller, context);
    const { driver } = controller;
    if (driver !== undefined) {
      w.emptyIfAttributes(
        "driver",
        attrNonzero("queues", driver.queues) +
          attrNonzero("cmd_per_lun", driver.cmdPerLun) +
          attrNonzero("max_sectors", driver.maxSectors) +
          attr("ioeventfd", driver.ioeventfd) +
          attrNonzero("iothread", driver.iothread) +
          virtioOptions(driver),
      );
    }
    formatDeviceInfo(w, controller, controller.type === "usb" ? controller.masterStartport : undefined);
    if (controller.type === "pci") w.leaf("pcihole64", controller.pcihole64, attr("unit", "KiB"));
  });
}

function attributes(controller: Controller): string {
  const common =
    attr("type", controller.type) +
    attr("index", controller.index) +
    ("model" in controller ? attr("model", controller.model) : "");
  switch (controller.type) {
    case "virtio-serial":
      return common + attr("ports", controller.ports) + attr("vectors", controller.vectors);
    case "usb":
      return common + attr("ports", controller.ports);
    case "xenbus":
      return (
        common +
        attr("maxGrantFrames", controller.maxGrantFrames) +
        attr("maxEventChannels", controller.maxEventChannels)
      );
    default:
      return common;
  }
}

function formatPci(w: XmlWriter, controller: PciController, context: FormatContext): void {
  const { modelName, target } = controller;
  const implied = controller.model === "pci-root" && modelName === "spapr-pci-host-bridge" && context.migratable;
  if (modelName !== undefined && !implied) w.empty("model", attr("name", modelName));
  if (target === undefined) return;
  const place =
    attr("chassisNr", target.chassisNr) +
    attr("chassis", target.chassis) +
    (target.port === undefined ? "" : attr("port", hex(target.port))) +
    attr("busNr", target.busNr) +
    attr("index", target.index) +
    attr("hotplug", target.hotplug);
  w.element("target", place, () => w.leaf("node", target.node));
}
