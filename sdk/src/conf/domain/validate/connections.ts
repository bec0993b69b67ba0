import type { ChardevSource, Interface } from "../model/index.js";
import { isVirtioNet } from "../parse/interface.js";
import { refuse, refuseVirtioOptions, unsupported } from "./refuse.js";

export function validateInterface(each: Interface): void {
  const { type } = each.source;
  if (each.hostIp !== undefined && type !== "ethernet") {
    unsupported(
      `Invalid attempt to set network interface host-side IP route and/or address info on interface of type '${type}'. This is only supported on interfaces of type 'ethernet'`,
    );
  }
  if (each.target?.managed === "no" && type !== "ethernet") {
    unsupported(`unmanaged target dev is not supported on interfaces of type '${type}'`);
  }
  const { teaming, port } = each;
  if (teaming?.type === "transient" && teaming.persistent === undefined) {
    unsupported("teaming persistent attribute must be set if teaming type is 'transient'");
  }
  if (teaming?.type === "persistent" && teaming.persistent !== undefined) {
    unsupported(`teaming persistent attribute not allowed if teaming type is '${teaming.type}'`);
  }
  if (port?.isolated === "yes" && type !== "network" && type !== "bridge") {
    unsupported(
      `interface ${each.mac?.address ?? ""} - <port isolated='yes'/> is not supported for network interfaces with type='${type}'`,
    );
  }
  if (!isVirtioNet(each.model)) refuseVirtioOptions(each.driver);
  if (type !== "user" && each.backend?.type === "passt") {
    refuse("INTERNAL_ERROR", "The 'passt' backend can only be used with interface type='user'");
  }
  if (type === "vhostuser" && !isVirtioNet(each.model)) {
    const words =
      "Wrong or no <model> 'type' attribute specified with <interface type='vhostuser'/>. vhostuser requires the virtio-net* frontend";
    refuse("INTERNAL_ERROR", words, "Add <model type='virtio'/>.");
  }
  if (each.source.type === "vhostuser" && each.source.mode === "server" && each.source.reconnect?.enabled === "yes") {
    unsupported("'reconnect' attribute unsupported 'server' mode for <interface type='vhostuser'>");
  }
}

/** `named`: the driver makes up a path for a unix socket without one. */
export function validateChardev(source: ChardevSource, named: boolean): void {
  switch (source.type) {
    case "file":
    case "dev":
    case "pipe":
      if (source.path === undefined) missing("path");
      return;
    case "unix":
      if (source.path === undefined && !named) missing("path");
      if (source.mode === "bind" && source.reconnect !== undefined) reconnecting();
      return;
    case "tcp":
      if (source.host === undefined) missing("host");
      if (source.service === undefined) missing("service");
      if (source.mode === "bind" && source.reconnect !== undefined) reconnecting();
      return;
    case "udp":
      if (source.connect?.service === undefined) missing("service");
      return;
    case "spiceport":
    case "dbus":
      if (source.channel === undefined) missing("channel", "CONFIG_UNSUPPORTED");
      if (!/^[a-zA-Z0-9_.-]*$/.test(source.channel)) {
        refuse("INVALID_ARG", "Invalid character in source channel for char device");
      }
      return;
    case "nmdm":
      if ((source.master === undefined) !== (source.slave === undefined)) {
        refuse("INTERNAL_ERROR", "Should define both master and slave path attributes for nmdm device");
      }
      return;
    default:
      return;
  }
}

function missing(name: string, code: "INTERNAL_ERROR" | "CONFIG_UNSUPPORTED" = "INTERNAL_ERROR"): never {
  return refuse(code, `Missing source ${name} attribute for char device`, `Add <source ${name}='...'/>.`);
}

function reconnecting(): never {
  return refuse("INTERNAL_ERROR", "chardev reconnect is possible only for connect mode", "Use mode='connect'.");
}
