import { VirtError } from "./errors/index.js";

/** A connection URI in parts, as libvirt reads them. */
export interface Uri {
  /** The hypervisor: `qemu` of `qemu+ssh`. */
  readonly scheme: string;
  /** How to reach it: `ssh` of `qemu+ssh`; `undefined` where the scheme names none. */
  readonly transport: string | undefined;
  readonly user: string | undefined;
  /** Without the brackets of an IPv6 address; `undefined` where there is none. */
  readonly server: string | undefined;
  readonly port: number | undefined;
  /** With its leading slash; empty where there is none. */
  readonly path: string;
  /** In their order; a name may repeat. */
  readonly params: readonly (readonly [name: string, value: string])[];
  readonly fragment: string | undefined;
}

const PATTERN = /^([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/;

/** Reads a URI. Fails with `INVALID_ARG` where it is none. */
export function parseUri(text: string): Uri {
  const match = PATTERN.exec(text);
  if (match === null) throw invalid(text);
  const [, schemes = "", authority = "", path = "", query, fragment] = match;
  const plus = schemes.indexOf("+");
  const at = authority.lastIndexOf("@");
  const [server, port] = splitHost(text, authority.slice(at + 1));
  return {
    scheme: (plus < 0 ? schemes : schemes.slice(0, plus)).toLowerCase(),
    transport: plus < 0 ? undefined : schemes.slice(plus + 1).toLowerCase(),
    user: at < 0 ? undefined : decode(text, authority.slice(0, at)),
    server,
    port,
    path: decode(text, path),
    params: query === undefined ? [] : parseQuery(text, query),
    fragment: fragment === undefined ? undefined : decode(text, fragment),
  };
}

/** The first value of a parameter. libvirt compares names without regard to case. */
export function uriParam(uri: Uri, name: string): string | undefined {
  return uri.params.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

export function formatUri(uri: Uri): string {
  const scheme = uri.transport === undefined ? uri.scheme : `${uri.scheme}+${uri.transport}`;
  const user = uri.user === undefined ? "" : `${encodeURIComponent(uri.user)}@`;
  const host = uri.server === undefined ? "" : uri.server.includes(":") ? `[${uri.server}]` : uri.server;
  const port = uri.port === undefined ? "" : `:${uri.port}`;
  const query = uri.params.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
  const fragment = uri.fragment === undefined ? "" : `#${encodeURIComponent(uri.fragment)}`;
  return `${scheme}://${user}${host}${port}${encodeURI(uri.path)}${query === "" ? "" : `?${query}`}${fragment}`;
}

function splitHost(text: string, host: string): [string | undefined, number | undefined] {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(host);
  if (match === null) throw invalid(text);
  const server = match[1] ?? match[2] ?? "";
  const port = match[3] === undefined || match[3] === "" ? undefined : Number(match[3]);
  if (port !== undefined && port > 65535) throw invalid(text);
  return [server === "" ? undefined : decode(text, server), port];
}

function parseQuery(text: string, query: string): (readonly [string, string])[] {
  return query
    .split(/[&;]/)
    .filter((part) => part !== "" && !part.startsWith("="))
    .map((part) => {
      const equals = part.indexOf("=");
      return equals < 0
        ? ([decode(text, part), ""] as const)
        : ([decode(text, part.slice(0, equals)), decode(text, part.slice(equals + 1))] as const);
    });
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid(text);
  }
}

function invalid(text: string): VirtError {
  return new VirtError("INVALID_ARG", `unable to parse URI ${text}`, {
    domain: "URI",
    hint: "a URI looks like qemu:///system or test:///default",
  });
}
