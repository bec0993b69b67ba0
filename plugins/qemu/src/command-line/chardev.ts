import type { ChardevSource } from "@polyvisor/sdk/conf";
import { chardevBackend } from "./chardev-backend.js";
import { type Build, notYet, refuse } from "./context.js";
import { escapeComma, yesToOn } from "./props.js";
import { tlsArgs } from "./secrets.js";

export interface ChardevOptions {
  /** The alias of the device, by which the runtime knows opened descriptors. */
  readonly device?: string;
  /** A server that waits for its client before the guest runs. */
  readonly wait?: boolean;
  /** `vdagent` unless a smart card or a USB redirection uses it. */
  readonly spiceName?: string;
}

/** The host's end of a character device: `-chardev`, and what must be handed over for it. */
export function chardevArgs(build: Build, source: ChardevSource, id: string, options: ChardevOptions = {}): void {
  const tls = source.type === "tcp" ? chardevTlsArgs(build, source, id) : undefined;
  build.args.chardev({
    id,
    option: () => {
      const tlsParts = tls === undefined ? [] : [`tls-creds=${tls}`];
      const parts = backendParts(build, source, id, options);
      return [...parts, ...tlsParts, ...logParts(build, source, options.device)].join(",");
    },
    backend: () => chardevBackend(build, source, { ...options, id, tls }),
  });
}

function backendParts(build: Build, source: ChardevSource, id: string, options: ChardevOptions): readonly string[] {
  switch (source.type) {
    case "null":
    case "vc":
    case "pty":
    case "stdio":
      return [source.type, `id=${id}`];
    case "dev":
      return [id.startsWith("charparallel") ? "parallel" : "serial", `id=${id}`, pathPart(source.path)];
    case "pipe":
      return ["pipe", `id=${id}`, pathPart(source.path)];
    case "file":
      return ["file", `id=${id}`, ...fileParts(build, source, options.device)];
    case "udp":
      return udpParts(source, id);
    case "tcp":
      return tcpParts(source, id, options.wait === true);
    case "unix":
      return unixParts(build, source, id, options);
    case "spicevmc":
      return ["spicevmc", `id=${id}`, `name=${options.spiceName ?? "vdagent"}`];
    case "spiceport":
    case "dbus":
      return [source.type, `id=${id}`, `name=${source.channel ?? ""}`];
    case "qemu-vdagent":
      return vdagentParts(source, id);
    case "nmdm":
      throw refuse("unsupported chardev 'nmdm'");
  }
}

function pathPart(path: string | undefined): string {
  return `path=${escapeComma(path ?? "")}`;
}

function fileParts(
  build: Build,
  source: Extract<ChardevSource, { type: "file" }>,
  device: string | undefined,
): readonly string[] {
  const fd = device === undefined ? undefined : build.runtime.chardevFds?.get(device);
  // Whoever opened the file decided whether it was emptied.
  if (fd !== undefined) return [pathPart(build.args.fdSet(fd, `${device}-source`)), "append=on"];
  return [pathPart(source.path), ...(source.append === undefined ? [] : [`append=${source.append}`])];
}

function udpParts(source: Extract<ChardevSource, { type: "udp" }>, id: string): readonly string[] {
  return [
    "udp",
    `id=${id}`,
    `host=${source.connect?.host ?? ""}`,
    `port=${source.connect?.service ?? ""}`,
    `localaddr=${source.bind?.host ?? ""}`,
    `localport=${source.bind?.service ?? "0"}`,
  ];
}

/** The id of its certificates, where it is encrypted. */
function chardevTlsArgs(build: Build, source: Extract<ChardevSource, { type: "tcp" }>, id: string): string | undefined {
  const settings = build.runtime.settings?.chardevTls;
  const wanted = source.tls === undefined ? settings?.always === true : source.tls === "yes";
  if (!wanted) return undefined;
  if (settings === undefined) throw notYet("TLS of a character device");
  const endpoint = source.mode === "bind" ? "server" : "client";
  return tlsArgs(build, `obj${id}_tls0`, endpoint, settings, id);
}

function tcpParts(source: Extract<ChardevSource, { type: "tcp" }>, id: string, wait: boolean): readonly string[] {
  const parts = ["socket", `id=${id}`, `host=${source.host ?? ""}`, `port=${source.service ?? ""}`];
  if (source.protocol === "telnet") parts.push("telnet=on");
  return [...parts, ...serverParts(source.mode, wait), ...reconnectParts(source.reconnect)];
}

function unixParts(
  build: Build,
  source: Extract<ChardevSource, { type: "unix" }>,
  id: string,
  options: ChardevOptions,
): readonly string[] {
  const fd = options.device === undefined ? undefined : build.runtime.chardevFds?.get(options.device);
  const where = fd === undefined ? pathPart(source.path) : `fd=${fd}`;
  const server = serverParts(source.mode, options.wait === true);
  return ["socket", `id=${id}`, where, ...server, ...reconnectParts(source.reconnect)];
}

function serverParts(mode: "bind" | "connect", wait: boolean): readonly string[] {
  if (mode === "connect") return [];
  return wait ? ["server=on"] : ["server=on", "wait=off"];
}

function reconnectParts(reconnect: Extract<ChardevSource, { type: "tcp" }>["reconnect"]): readonly string[] {
  if (reconnect === undefined) return [];
  return [`reconnect=${reconnect.enabled === "yes" ? (reconnect.timeout ?? 0) : 0}`];
}

function vdagentParts(source: Extract<ChardevSource, { type: "qemu-vdagent" }>, id: string): readonly string[] {
  const parts = ["qemu-vdagent", `id=${id}`, "name=vdagent"];
  if (source.clipboardCopypaste !== undefined) parts.push(`clipboard=${yesToOn(source.clipboardCopypaste)}`);
  if (source.mouseMode !== undefined) parts.push(`mouse=${source.mouseMode === "client" ? "on" : "off"}`);
  return parts;
}

function logParts(build: Build, source: ChardevSource, device: string | undefined): readonly string[] {
  if (source.log === undefined) return [];
  const fd = device === undefined ? undefined : build.runtime.chardevLogFds?.get(device);
  if (fd !== undefined) return [`logfile=${build.args.fdSet(fd, `${device}-log`)}`, "logappend=on"];
  const append = source.log.append === undefined ? [] : [`logappend=${source.log.append}`];
  return [`logfile=${escapeComma(source.log.file)}`, ...append];
}
