import { type Host, parseUri, type Uri, VirtError } from "@polyvisor/core";
import { isWayParam } from "@polyvisor/sdk/rpc/wire";
import { upstreamFor } from "./upstream.js";

/** Hypervisors in the order in which libvirt looks for a default one. */
const DEFAULT_SCHEMES = ["xen", "qemu", "ch", "lxc", "vbox", "bhyve"];

/** Where a client's URI leads: to a driver of this daemon, or by the operator's way to another daemon. */
export type Destination = { readonly kind: "here" | "upstream"; readonly uri: Uri };

/** Works out what a client means by a name. Throws `OPERATION_DENIED` where it names another daemon that it may not reach. */
export function destinationOf(name: string, upstreams: readonly Uri[]): Destination {
  const uri = parseUri(name);
  const upstream = upstreamFor(uri, upstreams);
  return upstream === undefined ? { kind: "here", uri: withoutWay(uri) } : { kind: "upstream", uri: upstream };
}

/**
 * How the client came here is left out, because it is here. A URI of another machine that names no way here (`esx://host/`)
 * tells its driver the way there, in parameters of the same names.
 */
function withoutWay(uri: Uri): Uri {
  if (uri.transport === undefined && uri.server !== undefined) return uri;
  return { ...uri, transport: undefined, params: uri.params.filter(([key]) => !isWayParam(key)) };
}

/** What a client without a URI may mean, the most likely first. The test hypervisor is there where nothing else is. */
export function defaultUris(host: Pick<Host, "plugins" | "info">, configured: string | undefined): string[] {
  if (configured !== undefined) return [configured];
  const usable = host
    .plugins()
    .filter(({ state }) => state === "enabled" || state === "found")
    .flatMap(({ schemes }) => schemes);
  const real = DEFAULT_SCHEMES.filter((scheme) => usable.includes(scheme));
  return [...real.map((scheme) => `${scheme}:///${host.info.mode}`), "test:///default"];
}

/** Opens the first of these URIs that has a driver here. */
export async function openFirst<T>(uris: readonly string[], open: (uri: string) => Promise<T>): Promise<T> {
  let failure: unknown;
  for (const uri of uris) {
    try {
      return await open(uri);
    } catch (error) {
      if (!(error instanceof VirtError) || error.code !== "NO_CONNECT") throw error;
      failure ??= error;
    }
  }
  throw failure;
}
