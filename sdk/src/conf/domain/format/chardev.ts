import { attr, type XmlWriter } from "../../../xml/index.js";
import type { Channel, ChardevReconnect, ChardevSource, Console, Parallel, Serial } from "../model/index.js";
import type { FormatContext } from "./context.js";
import { formatDeviceInfo } from "./device-info.js";
import { formatDeviceSeclabels } from "./storage.js";

export function formatReconnect(w: XmlWriter, reconnect: ChardevReconnect | undefined): void {
  if (reconnect === undefined) return;
  const timeout = reconnect.enabled === "yes" ? attr("timeout", reconnect.timeout ?? 0) : "";
  w.empty("reconnect", attr("enabled", reconnect.enabled) + timeout);
}

export function formatChardevSource(w: XmlWriter, source: ChardevSource, context: FormatContext): void {
  formatLocation(w, source, context);
  if (source.log !== undefined) w.empty("log", attr("file", source.log.file) + attr("append", source.log.append));
}

function formatLocation(w: XmlWriter, source: ChardevSource, context: FormatContext): void {
  switch (source.type) {
    case "pty":
    case "dev":
    case "pipe":
    case "file": {
      if (source.type === "pty" && (source.path === undefined || context.inactive)) return;
      const append = source.type === "file" ? attr("append", source.append) : "";
      w.element("source", attr("path", source.path) + append, () =>
        formatDeviceSeclabels(w, source.seclabels, context),
      );
      return;
    }
    case "unix":
      if (source.path === undefined) return;
      w.element("source", attr("mode", source.mode) + attr("path", source.path), () => {
        formatDeviceSeclabels(w, source.seclabels, context);
        formatReconnect(w, source.reconnect);
      });
      return;
    case "tcp": {
      const end = attr("mode", source.mode) + attr("host", source.host) + attr("service", source.service);
      const tls = context.migratable && source.tlsFromConfig === true ? "" : attr("tls", source.tls);
      const status = context.status ? attr("tlsFromConfig", source.tlsFromConfig === true ? 1 : 0) : "";
      w.element("source", end + tls + status, () => formatReconnect(w, source.reconnect));
      w.empty("protocol", attr("type", source.protocol));
      return;
    }
    case "udp":
      for (const mode of ["bind", "connect"] as const) {
        const end = source[mode];
        if (end?.host === undefined && end?.service === undefined) continue;
        w.empty("source", attr("mode", mode) + attr("host", end.host) + attr("service", end.service));
      }
      return;
    case "spiceport":
    case "dbus":
      w.emptyIfAttributes("source", attr("channel", source.channel));
      return;
    case "nmdm":
      w.emptyIfAttributes("source", attr("master", source.master) + attr("slave", source.slave));
      return;
    case "qemu-vdagent":
      w.element("source", "", () => {
        if (source.clipboardCopypaste !== undefined) w.empty("clipboard", attr("copypaste", source.clipboardCopypaste));
        if (source.mouseMode !== undefined) w.empty("mouse", attr("mode", source.mouseMode));
      });
      return;
    default:
      return;
  }
}

export function formatSerial(w: XmlWriter, serial: Serial, context: FormatContext): void {
  w.block("serial", attr("type", serial.source.type), () => {
    formatChardevSource(w, serial.source, context);
    const { type, port, model } = serial.target;
    w.element("target", attr("type", type) + attr("port", port), () => {
      if (model !== undefined) w.empty("model", attr("name", model));
    });
    formatDeviceInfo(w, serial);
  });
}

export function formatParallel(w: XmlWriter, parallel: Parallel, context: FormatContext): void {
  w.block("parallel", attr("type", parallel.source.type), () => {
    formatChardevSource(w, parallel.source, context);
    w.empty("target", attr("port", parallel.target.port));
    formatDeviceInfo(w, parallel);
  });
}

export function formatConsole(w: XmlWriter, console: Console, context: FormatContext): void {
  const { source, target } = console;
  // older programs look for the terminal here
  const tty = target.port === 0 && source.type === "pty" && !context.inactive ? attr("tty", source.path) : "";
  w.block("console", attr("type", source.type) + tty, () => {
    formatChardevSource(w, source, context);
    w.empty("target", attr("type", target.type ?? "none") + attr("port", target.port));
    formatDeviceInfo(w, console);
  });
}

export function formatChannel(w: XmlWriter, channel: Channel, context: FormatContext): void {
  w.block("channel", attr("type", channel.source.type), () => {
    formatChardevSource(w, channel.source, context);
    const { target } = channel;
    const type = attr("type", target.type);
    if (target.type === "guestfwd")
      w.empty("target", type + attr("address", target.address) + attr("port", target.port));
    else {
      const state = target.type === "virtio" && !context.inactive ? attr("state", target.state) : "";
      w.empty("target", type + attr("name", target.name) + state);
    }
    formatDeviceInfo(w, channel);
  });
}
