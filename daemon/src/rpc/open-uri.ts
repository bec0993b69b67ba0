import { type Host, type PluginStatus, parseUri, type Uri, VirtError } from "@polyvisor/core";
import { isWayParam } from "@polyvisor/sdk/rpc/wire";
import { upstreamFor } from "./upstream.js";

/** Hypervisors in the order in which libvirt looks for a default one. */
const DEFAULT_SCHEMES = ["xen", "qemu", "ch", "lxc", "vbox", "bhyve"];

const LAST_URI = "test:///default";

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

type Known = Pick<Host, "plugins" | "info">;

/** What a client without a URI may mean, the most likely first. The test hypervisor is there where nothing else is. */
export function defaultUris(host: Known, configured: string | undefined): string[] {
  return configured === undefined ? urisOfPlugins(host, ["enabled", "found"]) : [configured];
}

/** A URI that is known to lead to something, as far as that is known without a look at what nobody has asked for yet. */
export function knownUri(host: Known, configured: string | undefined): string {
  return configured ?? urisOfPlugins(host, ["enabled"])[0] ?? LAST_URI;
}

function urisOfPlugins(host: Known, states: readonly PluginStatus["state"][]): string[] {
  const plugins = host.plugins().filter(({ state }) => states.includes(state));
  const usable = plugins.flatMap(({ schemes }) => schemes);
  const real = DEFAULT_SCHEMES.filter((scheme) => usable.includes(scheme));
  return [...real.map((scheme) => `${scheme}:///${host.info.mode}`), LAST_URI];
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
