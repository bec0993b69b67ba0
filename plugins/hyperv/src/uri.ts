import { formatUri, type Uri } from "@polyvisor/core";
import { hypervError } from "./errors.js";

/** What a URI says: `hyperv://[user@]host[:port]/[?parameters]`. */
export interface HypervUri {
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** Whether the server's certificate must be good. */
  readonly verify: boolean;
  /** The file with names and passwords, where the URI names one. */
  readonly authFile: string | undefined;
  /** The same URI with its port, as clients are told it. */
  readonly canonical: string;
}

const PORT = { http: 5985, https: 5986 } as const;

/** Reads what a URI says. Throws `INVALID_ARG` in libvirt's words. */
export function parseHypervUri(uri: Uri): HypervUri {
  if (uri.server === undefined) {
    throw hypervError("INVALID_ARG", `URI '${formatUri(uri)}' names no host`, "write hyperv://user@host.example/");
  }
  const transport = parameter(uri, "transport") ?? "https";
  if (transport !== "http" && transport !== "https") {
    const detail = `Query parameter 'transport' has unexpected value '${transport}' (should be http|https)`;
    throw hypervError("INVALID_ARG", detail, "leave it out for https");
  }
  const port = uri.port === undefined || uri.port === 0 ? PORT[transport] : uri.port;
  return {
    user: uri.user,
    host: uri.server,
    port,
    secure: transport === "https",
    verify: !flag(uri, "no_verify"),
    authFile: parameter(uri, "authfile"),
    canonical: formatUri({ ...uri, port }),
  };
}

/** Of a parameter that comes twice the last counts. */
function parameter(uri: Uri, name: string): string | undefined {
  return uri.params.findLast(([key]) => key.toLowerCase() === name)?.[1];
}

function flag(uri: Uri, name: string): boolean {
  const value = parameter(uri, name) ?? "0";
  if (value === "0" || value === "1") return value === "1";
  const detail = `Query parameter '${name}' has unexpected value '${value}' (should be 0 or 1)`;
  throw hypervError("INVALID_ARG", detail, `write ${name}=1`);
}
