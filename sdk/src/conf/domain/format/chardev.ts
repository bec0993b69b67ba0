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
  // libvirt prints the labels of some types only, and loses the others'
  const labels = (): void => formatDeviceSeclabels(w, source.seclabels, context);
  switch (source.type) {
    case "pty":
      w.element("source", context.inactive ? "" : attr("path", source.path), labels);
      return;
    case "dev":
    case "pipe":
      w.element("source", attr("path", source.path), labels);
      return;
    case "file":
      w.element("source", attr("path", source.path) + attr("append", source.append), labels);
      return;
    case "unix":
      w.element(
        "source",
        source.path === undefined ? "" : attr("mode", source.mode) + attr("path", source.path),
        () => {
          labels();
          if (source.path !== undefined) formatReconnect(w, source.reconnect);
        },
      );
      return;
    case "tcp": {
      const end = attr("mode", source.mode) + attr("host", source.host) + attr("service", source.service);
      const tls = context.migratable && source.tlsFromConfig === true ? "" : attr("tls", source.tls);
      const status = context.status ? attr("tlsFromConfig", source.tlsFromConfig === true ? 1 : 0) : "";
      w.element("source", end + tls + status, () => {
        labels();
        formatReconnect(w, source.reconnect);
      });
      w.empty("protocol", attr("type", source.protocol));
      return;
    }
    case "udp": {
      const [first, second] = (["bind", "connect"] as const).flatMap((mode) => {
        const { host, service } = source[mode] ?? {};
        const isThere = host !== undefined || service !== undefined;
        return isThere ? [attr("mode", mode) + attr("host", host) + attr("service", service)] : [];
      });
      w.element("source", first ?? "", labels);
      w.emptyIfAttributes("source", second ?? "");
      return;
    }
    case "spiceport":
    case "dbus":
      w.element("source", attr("channel", source.channel), labels);
      return;
    case "nmdm":
      w.element("source", attr("master", source.master) + attr("slave", source.slave), labels);
      return;
    case "qemu-vdagent":
      w.element("source", "", () => {
        labels();
        if (source.clipboardCopypaste !== undefined) w.empty("clipboard", attr("copypaste", source.clipboardCopypaste));
        if (source.mouseMode !== undefined) w.empty("mouse", attr("mode", source.mouseMode));
      });
      return;
    default:
      w.element("source", "", labels);
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
