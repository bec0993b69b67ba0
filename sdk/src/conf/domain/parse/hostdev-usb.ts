import {
  attribute,
  child,
  enumAttribute,
  integerAttribute,
  requiredInteger,
  type XmlElement,
} from "../../../xml/index.js";
import type { UsbHostDevice } from "../model/index.js";
import { confError, type ParseContext } from "./context.js";

/** The `<source>` of a USB device. */
export function parseUsbSource(source: XmlElement, context: ParseContext): UsbHostDevice {
  const vendor = child(source, "vendor");
  const product = child(source, "product");
  const address = child(source, "address");
  const id = (element: XmlElement | undefined, what: string): number | undefined => {
    if (element === undefined) return undefined;
    if (attribute(element, "id") === undefined) throw confError(element, "XML_ERROR", `missing ${what} id`);
    return integerAttribute(element, "id", { base: 0 });
  };
  const usb = {
    type: "usb",
    startupPolicy: enumAttribute(source, "startupPolicy", ["mandatory", "requisite", "optional"]),
    guestReset: enumAttribute(source, "guestReset", ["off", "uninitialized", "on"]),
    autoAddress: attribute(source, "autoAddress") === "yes" || undefined,
    missing: !context.inactive && attribute(source, "missing") === "yes" ? true : undefined,
    vendor: id(vendor, "usb vendor") || undefined,
    product: id(product, "usb product"),
    bus: address && (requiredInteger(address, "bus", { base: 0 }) || undefined),
    device: address && (requiredInteger(address, "device", { base: 0 }) || undefined),
  } as const;
  if (vendor !== undefined && product === undefined) throw confError(source, "XML_ERROR", "missing product");
  if (vendor === undefined && product !== undefined) throw confError(source, "XML_ERROR", "missing vendor");
  if (vendor === undefined && address === undefined) {
    throw confError(
      source,
      "XML_ERROR",
      "vendor or address must be specified",
      "Add <vendor id/> and <product id/>, or <address/>.",
    );
  }
  return usb;
}
