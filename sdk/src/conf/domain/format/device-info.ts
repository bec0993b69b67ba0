import { attr, type XmlWriter } from "../../../xml/index.js";
import { type Address, type DeviceInfo, isEmptyPci, type PciAddress } from "../model/index.js";
import { hex } from "./context.js";

/** What every device has at its end. Which of boot and rom a device takes was settled when it was read. */
export function formatDeviceInfo(w: XmlWriter, info: DeviceInfo, masterStartport?: number): void {
  if (info.bootOrder !== undefined) w.empty("boot", attr("order", info.bootOrder) + attr("loadparm", info.loadparm));
  if (info.alias !== undefined) w.empty("alias", attr("name", info.alias));
  if (masterStartport !== undefined) w.empty("master", attr("startport", masterStartport));
  if (info.rom !== undefined) {
    w.empty("rom", attr("enabled", info.rom.enabled) + attr("bar", info.rom.bar) + attr("file", info.rom.file));
  }
  if (info.acpiIndex !== undefined) w.empty("acpi", attr("index", info.acpiIndex));
  if (info.address !== undefined) formatAddress(w, info.address);
}

export function pciPlace(address: PciAddress): string {
  return ` domain='${hex(address.domain, 4)}' bus='${hex(address.bus, 2)}' slot='${hex(address.slot, 2)}' function='${hex(address.function, 1)}'`;
}

function formatAddress(w: XmlWriter, address: Address): void {
  if (address.type === "virtio-s390") return;
  const type = attr("type", address.type);
  if (address.type !== "pci") {
    w.empty("address", type + placeOf(address));
    return;
  }
  const place = (isEmptyPci(address) ? "" : pciPlace(address)) + attr("multifunction", address.multifunction);
  const { zpci } = address;
  if (zpci === undefined || (zpci.uid === undefined && zpci.fid === undefined)) w.empty("address", type + place);
  else {
    w.block("address", type + place, () => {
      w.empty("zpci", ` uid='${hex(zpci.uid ?? 0, 4)}' fid='${hex(zpci.fid ?? 0, 8)}'`);
    });
  }
}

function placeOf(address: Exclude<Address, PciAddress>): string {
  switch (address.type) {
    case "drive":
      return ` controller='${address.controller}' bus='${address.bus}' target='${address.target}' unit='${address.unit}'`;
    case "virtio-serial":
      return ` controller='${address.controller}' bus='${address.bus}' port='${address.port}'`;
    case "ccid":
      return ` controller='${address.controller}' slot='${address.slot}'`;
    case "usb":
      return attr("bus", address.bus) + (address.port === undefined ? "" : attr("port", address.port.join(".")));
    case "spapr-vio":
      return address.reg === undefined ? "" : ` reg='${hex(address.reg, 8)}'`;
    case "ccw": {
      const { cssid, ssid, devno } = address.place ?? { cssid: 0, ssid: 0, devno: 0 };
      return ` cssid='${hex(cssid)}' ssid='${hex(ssid)}' devno='${hex(devno, 4)}'`;
    }
    case "isa":
      return (
        (address.iobase ? ` iobase='${hex(address.iobase)}'` : "") + (address.irq ? ` irq='${hex(address.irq)}'` : "")
      );
    case "dimm":
      return attr("slot", address.slot) + (address.base ? ` base='${hex(address.base)}'` : "");
    default:
      return "";
  }
}
