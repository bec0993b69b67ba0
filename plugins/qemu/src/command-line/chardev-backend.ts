import { VirtError } from "@polyvisor/core";
import type { ChardevSource } from "@polyvisor/sdk/conf";
import type { ChardevOptions } from "./chardev.js";
import type { Build } from "./context.js";
import { fromOnOff, fromYesNo, type Props } from "./props.js";

interface BackendOptions extends ChardevOptions {
  readonly id: string;
  /** The id of the certificates of an encrypted connection. */
  readonly tls: string | undefined;
}

interface Backend {
  readonly type: string;
  readonly data: Props;
}

/** The host's end of a character device as `chardev-add` takes it. Fails where QEMU's monitor cannot make such a one. */
export function chardevBackend(build: Build, source: ChardevSource, options: BackendOptions): Props {
  const { type, data } = backendOf(build, source, options);
  return { type, data: { ...data, ...logProps(build, source, options.device) } };
}

function backendOf(build: Build, source: ChardevSource, options: BackendOptions): Backend {
  switch (source.type) {
    case "null":
    case "vc":
    case "pty":
      return { type: source.type, data: {} };
    case "file":
      return { type: "file", data: fileProps(build, source, options.device) };
    case "dev": {
      const type = options.id.startsWith("charparallel") ? "parallel" : "serial";
      return { type, data: { device: source.path ?? "" } };
    }
    case "unix":
      return { type: "socket", data: unixProps(build, source, options) };
    case "tcp":
      return { type: "socket", data: tcpProps(source, options) };
    case "udp":
      return { type: "udp", data: udpProps(source) };
    case "spicevmc":
      return { type: "spicevmc", data: { type: options.spiceName ?? "vdagent" } };
    case "dbus":
      return { type: "dbus", data: { name: source.channel ?? "" } };
    case "qemu-vdagent":
      return {
        type: "qemu-vdagent",
        data: {
          clipboard: fromYesNo(source.clipboardCopypaste),
          mouse: source.mouseMode === undefined ? undefined : source.mouseMode === "client",
        },
      };
    case "spiceport":
    case "pipe":
    case "stdio":
    case "nmdm":
      throw new VirtError("OPERATION_FAILED", `Hotplug unsupported for char device type '${source.type}'`, {
        domain: "QEMU",
        hint: "add it to the definition and start the guest anew",
      });
  }
}

type SourceOf<T extends ChardevSource["type"]> = Extract<ChardevSource, { type: T }>;

function fileProps(build: Build, source: SourceOf<"file">, device: string | undefined): Props {
  const fd = device === undefined ? undefined : build.runtime.chardevFds?.get(device);
  if (fd !== undefined) return { out: build.args.fdSet(fd, `${device}-source`), append: true };
  return { out: source.path ?? "", append: fromOnOff(source.append) };
}

function unixProps(build: Build, source: SourceOf<"unix">, { device, tls }: BackendOptions): Props {
  const fd = device === undefined ? undefined : build.runtime.chardevFds?.get(device);
  const addr =
    fd === undefined
      ? { type: "unix", data: { path: source.path ?? "" } }
      : { type: "fd", data: { str: build.args.descriptor(fd, `${device}-source`) } };
  const reconnect = fd === undefined ? reconnectOf(source) : undefined;
  return { addr, ...serverProps(source.mode), "tls-creds": tls, reconnect };
}

function tcpProps(source: SourceOf<"tcp">, { tls }: BackendOptions): Props {
  return {
    addr: inet(source.host, source.service),
    wait: source.mode === "bind" ? false : undefined,
    telnet: source.protocol === "telnet",
    server: source.mode === "bind",
    "tls-creds": tls,
    reconnect: reconnectOf(source),
  };
}

function serverProps(mode: "bind" | "connect"): Props {
  return mode === "bind" ? { wait: false, server: true } : { server: false };
}

function reconnectOf({ reconnect }: SourceOf<"unix" | "tcp">): number | undefined {
  if (reconnect === undefined) return undefined;
  return reconnect.enabled === "yes" ? (reconnect.timeout ?? 0) : 0;
}

function udpProps({ bind, connect }: SourceOf<"udp">): Props {
  const isBound = bind?.host !== undefined || bind?.service !== undefined;
  return {
    remote: inet(connect?.host, connect?.service),
    local: isBound ? inet(bind?.host, bind?.service) : undefined,
  };
}

function inet(host = "", port = ""): Props {
  return { type: "inet", data: { host, port } };
}

function logProps(build: Build, { log }: ChardevSource, device: string | undefined): Props {
  if (log === undefined) return {};
  const fd = device === undefined ? undefined : build.runtime.chardevLogFds?.get(device);
  if (fd !== undefined) return { logfile: build.args.fdSet(fd, `${device}-log`), logappend: true };
  return { logfile: log.file, logappend: fromOnOff(log.append) };
}
