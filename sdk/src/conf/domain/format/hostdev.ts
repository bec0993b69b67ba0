import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import type { Hostdev, HostdevSource } from "../model/index.js";
import type { FormatContext } from "./context.js";
import { formatDeviceInfo, pciPlace } from "./device-info.js";
import { formatUsbSource } from "./hostdev-usb.js";
import { formatIps } from "./interface.js";
import { formatAuth, formatInitiator } from "./storage.js";

export function formatHostdev(w: XmlWriter, hostdev: Hostdev, context: FormatContext): void {
  const { source, teaming } = hostdev;
  const managed = hostdev.mode === "subsystem" ? attr("managed", hostdev.managed ? "yes" : "no") : "";
  w.block("hostdev", attr("mode", hostdev.mode) + attr("type", source.type) + managed + ownAttributes(source), () => {
    formatSource(w, source, context);
    if (teaming !== undefined) w.empty("teaming", attr("type", teaming.type) + attr("persistent", teaming.persistent));
    if (hostdev.readonly === true) w.empty("readonly");
    if (hostdev.shareable === true) w.empty("shareable");
    formatDeviceInfo(w, hostdev);
  });
}

function ownAttributes(source: HostdevSource): string {
  switch (source.type) {
    case "scsi":
      return attr("sgio", source.sgio) + attr("rawio", source.rawio);
    case "scsi_host":
      return attr("model", source.model);
    case "mdev":
      return attr("model", source.model) + attr("display", source.display) + attr("ramfb", source.ramfb);
    default:
      return "";
  }
}

function formatSource(w: XmlWriter, source: HostdevSource, context: FormatContext): void {
  switch (source.type) {
    case "usb":
      formatUsbSource(w, source, context);
      return;
    case "pci":
      if (source.driver !== undefined) w.empty("driver", attr("name", source.driver));
      w.block("source", attr("writeFiltering", source.writeFiltering), () =>
        w.empty("address", pciPlace(source.address)),
      );
      return;
    case "scsi":
      formatScsi(w, source);
      return;
    case "scsi_host":
      w.empty("source", attr("protocol", source.protocol) + attr("wwpn", source.wwpn));
      return;
    case "mdev":
      w.block("source", "", () => w.empty("address", attr("uuid", source.uuid)));
      return;
    case "storage":
      w.block("source", "", () => w.leaf("block", source.block));
      return;
    case "misc":
      w.block("source", "", () => w.leaf("char", source.char));
      return;
    case "net":
      w.block("source", "", () => w.leaf("interface", source.interface));
      formatIps(w, source);
      return;
  }
}

function formatScsi(w: XmlWriter, source: Extract<HostdevSource, { type: "scsi" }>): void {
  const { scsi } = source;
  if (scsi.protocol === "iscsi") {
    w.block("source", attr("protocol", "iscsi") + attr("name", scsi.name), () => {
      const [host] = scsi.hosts;
      if (host !== undefined && host.transport !== "unix") {
        w.empty("host", attr("name", host.name) + attrNonzero("port", host.port));
      }
      if (scsi.auth !== undefined) formatAuth(w, scsi.auth);
      formatInitiator(w, scsi.initiatorIqn);
    });
    return;
  }
  w.block("source", "", () => {
    w.empty("adapter", attr("name", scsi.adapter));
    w.empty("address", attr("bus", scsi.bus) + attr("target", scsi.target) + attr("unit", scsi.unit));
  });
}
