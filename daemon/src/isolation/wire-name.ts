import { formatUri, parseUri, type Uri, uriParam } from "@polyvisor/core";

/** The scheme of what a host asks a process of its own to open: nothing but the URI that is meant. */
const SCHEME = "polyvisor-isolated";

/** A URI as the private connection between a host and a process of its own carries it: nothing on the way changes it. */
export function wireName(uri: Uri): string {
  return `${SCHEME}:///?uri=${encodeURIComponent(formatUri(uri))}`;
}

/** The URI again. */
export function uriInWireName(name: Uri): Uri {
  return parseUri(uriParam(name, "uri") ?? "");
}

/** By which a client of daemons reaches a private socket and opens something there. */
export function wayTo(socket: string, uri: Uri): Uri {
  return {
    scheme: SCHEME,
    transport: "unix",
    user: undefined,
    server: undefined,
    port: undefined,
    path: "/",
    params: [
      ["socket", socket],
      ["name", wireName(uri)],
    ],
    fragment: undefined,
  };
}
