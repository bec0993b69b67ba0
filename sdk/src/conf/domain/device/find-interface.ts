import { VirtError } from "@polyvisor/core";
import type { Interface } from "../model/index.js";
import { formatPciName } from "../parse/device-info.js";

const NOTHING = "(<null>)";

/**
 * The network card that a client describes, by its hardware address, place and alias, as far as they are said. Fails with
 * `DEVICE_MISSING` where there is none, and with `OPERATION_FAILED` where there are several.
 */
export function findInterface(interfaces: readonly Interface[], wanted: Interface): Interface {
  const mac = wanted.mac?.generated === true ? undefined : wanted.mac?.address;
  const place = placeOf(wanted);
  const found = interfaces.filter(
    (each) =>
      (mac === undefined || each.mac?.address === mac) &&
      (place === undefined || placeOf(each) === place) &&
      (wanted.alias === undefined || each.alias === undefined || each.alias === wanted.alias),
  );
  const [first, ...others] = found;
  if (others.length > 0) {
    const words =
      mac === undefined ? "multiple matching devices found" : `multiple devices matching MAC address ${mac} found`;
    throw new VirtError("OPERATION_FAILED", words, { domain: "DOMAIN", hint: "say the card's <address>, too" });
  }
  if (first !== undefined) return first;
  const detail = `no device found at address '${place ?? NOTHING}' matching MAC address '${mac ?? NOTHING}' and alias '${wanted.alias ?? NOTHING}'`;
  throw new VirtError("DEVICE_MISSING", detail, { domain: "DOMAIN" });
}

function placeOf({ address }: Interface): string | undefined {
  if (address?.type === "pci") return formatPciName(address);
  if (address?.type !== "ccw" || address.place === undefined) return undefined;
  const { cssid, ssid, devno } = address.place;
  return `${cssid.toString(16)}.${ssid.toString(16)}.${devno.toString(16).padStart(4, "0")}`;
}
