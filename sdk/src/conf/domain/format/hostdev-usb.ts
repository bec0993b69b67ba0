import { attr, type XmlWriter } from "../../../xml/index.js";
import type { UsbHostDevice } from "../model/index.js";
import { type FormatContext, hex } from "./context.js";

/** `addressType`: whether the address says that it is one of USB, for elements that do not. */
export function formatUsbSource(w: XmlWriter, source: UsbHostDevice, context: FormatContext, addressType = ""): void {
  const attributes =
    attr("startupPolicy", source.startupPolicy) +
    (source.autoAddress === true && context.migratable ? attr("autoAddress", "yes") : "") +
    (source.missing === true && !context.inactive ? attr("missing", "yes") : "") +
    attr("guestReset", source.guestReset);
  w.element("source", attributes, () => {
    if (source.vendor !== undefined) {
      w.empty("vendor", attr("id", hex(source.vendor, 4)));
      w.empty("product", attr("id", hex(source.product ?? 0, 4)));
    }
    if (source.bus !== undefined || source.device !== undefined) {
      w.empty("address", addressType + attr("bus", source.bus ?? 0) + attr("device", source.device ?? 0));
    }
  });
}
