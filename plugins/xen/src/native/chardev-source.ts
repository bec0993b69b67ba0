import type { ChardevSource } from "@polyvisor/sdk/conf";
import { refuse } from "./errors.js";

/** Reads what xend, and xl after it, calls a character device: `pty`, `file:/path`, `tcp:host:port,server`, `/dev/ttyS0`. */
export function parseChardevSource(written: string): ChardevSource {
  if (written.startsWith("/")) return { type: "dev", path: written };
  const colon = written.indexOf(":");
  const type = colon < 0 ? written : written.slice(0, colon);
  const value = colon < 0 ? written : written.slice(colon + 1);
  if (type.startsWith("telnet")) return parseTcp(value, "telnet");
  switch (type) {
    case "null":
    case "vc":
    case "stdio":
    case "spicevmc":
      return { type };
    case "pty":
    case "dev":
      return { type };
    case "file":
    case "pipe":
      return { type, path: value };
    case "tcp":
      return parseTcp(value, "raw");
    case "udp":
      return parseUdp(value);
    case "unix": {
      const comma = value.indexOf(",");
      const path = comma < 0 ? value : value.slice(0, comma);
      return { type, path, mode: isServer(value, comma) ? "bind" : "connect" };
    }
    default:
      return refuse(
        "INTERNAL_ERROR",
        `unknown chr device type '${type}'`,
        "Use pty, file:, pipe:, tcp:, udp: or unix:.",
      );
  }
}

function isServer(value: string, comma: number): boolean {
  return comma >= 0 && value.slice(comma).includes(",server");
}

function parseTcp(value: string, protocol: "raw" | "telnet"): ChardevSource {
  const { host, rest } = hostAndRest(value);
  const comma = rest.indexOf(",");
  const service = comma < 0 ? rest : rest.slice(0, comma);
  return { type: "tcp", mode: isServer(rest, comma) ? "bind" : "connect", host, service, protocol };
}

function parseUdp(value: string): ChardevSource {
  const { host, rest } = hostAndRest(value);
  const at = rest.indexOf("@");
  if (at < 0) return { type: "udp", connect: { host, service: rest } };
  const local = hostAndRest(rest.slice(at + 1));
  return {
    type: "udp",
    connect: { host, service: rest.slice(0, at) },
    bind: { host: local.host, service: local.rest },
  };
}

function hostAndRest(value: string): { readonly host: string | undefined; readonly rest: string } {
  const colon = value.indexOf(":");
  if (colon < 0) refuse("INTERNAL_ERROR", "malformed char device string", "Write HOST:PORT.");
  return { host: value.slice(0, colon) || undefined, rest: value.slice(colon + 1) };
}

/** Throws what has no name there. `path` writes a path, which S-expressions quote. */
export function formatChardevSource(source: ChardevSource, path: (path: string) => string = quoted): string {
  switch (source.type) {
    case "null":
    case "stdio":
    case "vc":
    case "pty":
      return source.type;
    case "file":
    case "pipe":
      return `${source.type}:${path(source.path ?? "")}`;
    case "dev":
      return path(source.path ?? "");
    case "tcp": {
      const type = source.protocol === "raw" ? "tcp" : "telnet";
      return `${type}:${source.host ?? ""}:${source.service ?? ""}${serverOptions(source.mode)}`;
    }
    case "udp": {
      const { connect, bind } = source;
      const local = `${bind?.host ?? ""}:${bind?.service ?? ""}`;
      return `udp:${connect?.host ?? ""}:${connect?.service ?? ""}@${local}`;
    }
    case "unix":
      return `unix:${path(source.path ?? "")}${serverOptions(source.mode)}`;
    default:
      return refuse(
        "CONFIG_UNSUPPORTED",
        `unsupported chr device type '${source.type}'`,
        "Use pty, file, tcp or unix.",
      );
  }
}

function serverOptions(mode: "bind" | "connect"): string {
  return mode === "bind" ? ",server,nowait" : "";
}

/** As in the S-expressions of xend. */
export function quoted(text: string): string {
  return text.replace(/[\\']/g, "\\$&");
}
