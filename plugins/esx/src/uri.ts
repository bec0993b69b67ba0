import { formatUri, type Uri, VirtError } from "@polyvisor/core";
import type { ProxyAddress } from "./soap/proxy.js";

/** What a URI says: `{vpx|esx|gsx}://[user@]host[:port]/[path][?parameters]`. */
export interface EsxUri {
  readonly scheme: "esx" | "gsx" | "vpx";
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** `[folder/...]datacenter/[folder/...]computeresource[/hostsystem]` of a vCenter. */
  readonly path: string;
  /** A vCenter that manages the host, or `*` for the one that the host names. */
  readonly vcenter: string | undefined;
  readonly verify: boolean;
  /** Questions of machines are answered with their defaults, rather than being errors. */
  readonly autoAnswer: boolean;
  readonly proxy: ProxyAddress | undefined;
  /** The file with names and passwords, where the URI names one. */
  readonly authFile: string | undefined;
  /** The same URI with its port, as clients are told it. */
  readonly canonical: string;
}

function invalid(detail: string, hint: string): VirtError {
  return new VirtError("INVALID_ARG", detail, { domain: "ESX", hint });
}

/** Reads what a URI says. Throws `INVALID_ARG` in libvirt's words. */
export function parseEsxUri(uri: Uri): EsxUri {
  const scheme = uri.scheme === "vpx" || uri.scheme === "gsx" ? uri.scheme : "esx";
  if (uri.server === undefined) {
    throw invalid(`URI '${formatUri(uri)}' names no host`, `write ${scheme}://root@host.example/`);
  }
  const transport = parameter(uri, "transport") ?? "https";
  if (transport !== "http" && transport !== "https") {
    const detail = `Query parameter 'transport' has unexpected value '${transport}' (should be http|https)`;
    throw invalid(detail, "leave it out for https");
  }
  const secure = transport === "https";
  const port = uri.port === undefined || uri.port === 0 ? defaultPort(scheme, secure) : uri.port;
  return {
    scheme,
    user: uri.user,
    host: uri.server,
    port,
    secure,
    path: uri.path,
    vcenter: parameter(uri, "vcenter"),
    verify: !flag(uri, "no_verify"),
    autoAnswer: flag(uri, "auto_answer"),
    proxy: parseProxy(parameter(uri, "proxy")),
    authFile: parameter(uri, "authfile"),
    canonical: formatUri({ ...uri, port }),
  };
}

function defaultPort(scheme: EsxUri["scheme"], secure: boolean): number {
  if (scheme === "gsx") return secure ? 8333 : 8222;
  return secure ? 443 : 80;
}

/** Of a parameter that comes twice the last counts. */
function parameter(uri: Uri, name: string): string | undefined {
  return uri.params.findLast(([key]) => key.toLowerCase() === name)?.[1];
}

function flag(uri: Uri, name: string): boolean {
  const value = parameter(uri, name);
  if (value === undefined) return false;
  const number = /^\s*[+-]?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number === 0 || number === 1) return number === 1;
  throw invalid(`Query parameter '${name}' has unexpected value '${value}' (should be 0 or 1)`, `write ${name}=1`);
}

const PROXY_KINDS: Readonly<Record<string, ProxyAddress["kind"]>> = {
  http: "http",
  socks: "socks5",
  socks5: "socks5",
  socks4: "socks4",
  socks4a: "socks4a",
};
const PROXY_PORT = 1080;

function parseProxy(value: string | undefined): ProxyAddress | undefined {
  if (value === undefined) return undefined;
  const [, type = "http", host = "", port] = /^(?:([^:]*):\/\/)?([^:]*)(?::(.*))?$/s.exec(value) ?? [];
  const kind = PROXY_KINDS[type];
  if (kind === undefined) {
    const detail = `Query parameter 'proxy' contains unexpected type '${type}' (should be (http|socks(|4|4a|5))`;
    throw invalid(detail, "write proxy=socks5://host:1080");
  }
  if (host === "") throw invalid("Query parameter 'proxy' doesn't contain a hostname", "write proxy=host:1080");
  const number = port === undefined ? PROXY_PORT : /^\d+$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65535) {
    const detail = `Query parameter 'proxy' has unexpected port value '${port}' (should be [1..65535])`;
    throw invalid(detail, "write proxy=host:1080");
  }
  return { kind, host, port: number };
}
