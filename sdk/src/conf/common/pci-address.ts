import { attr, errorAt, integerAttribute, type XmlElement } from "../../xml/index.js";

/** Where a function of a PCI device sits on the host. */
export interface HostPciAddress {
  readonly domain: number;
  readonly bus: number;
  readonly slot: number;
  readonly function: number;
}

export function parseHostPciAddress(element: XmlElement): HostPciAddress {
  const part = (name: string): number => integerAttribute(element, name, { base: 0 }) ?? 0;
  const place = { domain: part("domain"), bus: part("bus"), slot: part("slot"), function: part("function") };
  // all zero: libvirt takes it for "not said" and looks at the rest no further
  if (place.domain === 0 && place.bus === 0 && place.slot === 0) return place;
  const refuse = (what: string, limit: string): never => {
    throw errorAt(element, "XML_ERROR", `Invalid PCI address ${what}, must be <= ${limit}`, "See lspci -D.", "NONE");
  };
  if (place.bus > 0xff) refuse(`bus='0x${place.bus.toString(16)}'`, "0xFF");
  if (place.slot > 0x1f) refuse(`slot='0x${place.slot.toString(16)}'`, "0x1F");
  if (place.function > 7) refuse(`function=0x${place.function.toString(16)}`, "7");
  return place;
}

/** The attributes of an address. */
export function hostPciAttributes(place: HostPciAddress): string {
  const hex = (value: number, width: number): string => `0x${value.toString(16).padStart(width, "0")}`;
  return (
    attr("domain", hex(place.domain, 4)) +
    attr("bus", hex(place.bus, 2)) +
    attr("slot", hex(place.slot, 2)) +
    attr("function", hex(place.function, 1))
  );
}

/** The name that Linux gives a PCI function, such as `0000:00:1f.2`. */
export function hostPciName(place: HostPciAddress): string {
  const hex = (value: number, width: number): string => value.toString(16).padStart(width, "0");
  return `${hex(place.domain, 4)}:${hex(place.bus, 2)}:${hex(place.slot, 2)}.${place.function.toString(16)}`;
}
