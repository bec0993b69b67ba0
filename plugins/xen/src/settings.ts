import { parseUri, type Uri, uriParam, VirtError } from "@polyvisor/core";

/** What the operator has set (the schema is in the manifest). */
export interface XenSettings {
  /** `local`, or where the dom0 is: `ssh://USER@HOST:PORT?keyfile=PATH&no_verify=1`. */
  readonly dom0: string;
  /** More of them, which clients choose by name (`xen:///system?dom0=NAME`): `NAME=ssh://...` each. */
  readonly hosts: readonly string[];
  /** The program in dom0. */
  readonly xl: string;
  /** Seconds that an answer of the dom0 may take. */
  readonly timeout: number;
  /** Seconds that a start, a save or a migration may take. */
  readonly operation_timeout: number;
  /** Where in dom0 managed saves lie. */
  readonly save_dir: string;
  /** Where in dom0 the cores of crashed domains go. */
  readonly dump_dir: string;
  readonly xenstore_socket: string;
}

/** How a dom0 is reached. */
export type Dom0Place =
  | { readonly way: "local" }
  | {
      readonly way: "ssh";
      readonly host: string;
      readonly user: string | undefined;
      readonly port: number | undefined;
      readonly keyfile: string | undefined;
      /** Whoever answers is believed. */
      readonly noVerify: boolean;
      /** The client program, `ssh` by default. */
      readonly command: string | undefined;
    };

/** Reads where a dom0 is. Fails with `CONF_SYNTAX`. */
export function parsePlace(text: string): Dom0Place {
  if (text === "" || text === "local") return { way: "local" };
  const uri = parseUri(text);
  if (uri.scheme !== "ssh" || uri.server === undefined || uri.server.startsWith("-")) throw noPlace(text);
  return {
    way: "ssh",
    host: uri.server,
    user: uri.user,
    port: uri.port,
    keyfile: uriParam(uri, "keyfile"),
    noVerify: uriParam(uri, "no_verify") === "1",
    command: uriParam(uri, "command"),
  };
}

/** The dom0 that a client's URI names: its key for folders and messages, and its place. Fails with `INVALID_ARG`. */
export function chosenPlace(settings: XenSettings, uri: Uri): { readonly name: string; readonly place: Dom0Place } {
  const name = uriParam(uri, "dom0");
  if (name === undefined) return { name: "", place: parsePlace(settings.dom0) };
  const entry = settings.hosts.find((each) => each.startsWith(`${name}=`));
  if (entry !== undefined && /^[\w.-]+$/.test(name)) return { name, place: parsePlace(entry.slice(name.length + 1)) };
  const names = settings.hosts.map((each) => each.split("=", 1)[0]).join(", ");
  throw new VirtError("INVALID_ARG", `no dom0 of the name '${name}' is set`, {
    domain: "LIBXL",
    hint: names === "" ? "set hosts in plugins/xen.conf" : `known are: ${names}`,
  });
}

function noPlace(text: string): VirtError {
  return new VirtError("CONF_SYNTAX", `'${text}' does not say where a dom0 is`, {
    domain: "LIBXL",
    hint: "plugins/xen.conf: local, or ssh://USER@HOST:PORT?keyfile=PATH",
  });
}
