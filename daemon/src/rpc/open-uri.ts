import { type Host, parseUri, type Uri, VirtError } from "@polyvisor/core";

/** Parameters about the way to a daemon. libvirt's client keeps them to itself; other clients send them along. */
const WAY_PARAMS = new Set([
  "name",
  "command",
  "socket",
  "auth",
  "sshauth",
  "netcat",
  "keyfile",
  "pkipath",
  "known_hosts",
  "known_hosts_verify",
  "tls_priority",
  "mode",
  "proxy",
  "no_sanity",
  "no_verify",
  "no_tty",
  "authfile",
]);

/** Hypervisors in the order in which libvirt looks for a default one. */
const DEFAULT_SCHEMES = ["xen", "qemu", "ch", "lxc", "vbox", "bhyve"];

/** The URI that a client means by a name: how it came here is left out, because it is here. */
export function uriOfName(name: string): Uri {
  const uri = parseUri(name);
  return {
    ...uri,
    transport: undefined,
    params: uri.params.filter(([key]) => !WAY_PARAMS.has(key.toLowerCase())),
  };
}

/** What a client without a URI may mean, the most likely first. The test hypervisor is there where nothing else is. */
export function defaultUris(host: Pick<Host, "plugins" | "info">, configured: string | undefined): string[] {
  if (configured !== undefined) return [configured];
  const usable = host
    .plugins()
    .filter(({ state }) => state === "loaded" || state === "found")
    .flatMap(({ schemes }) => schemes);
  const real = DEFAULT_SCHEMES.filter((scheme) => usable.includes(scheme));
  return [...real.map((scheme) => `${scheme}:///${host.info.mode}`), "test:///default"];
}

/** Opens the first of these URIs that has a driver here. */
export async function openFirst<T>(uris: readonly string[], open: (uri: Uri) => Promise<T>): Promise<T> {
  let failure: unknown;
  for (const uri of uris) {
    try {
      return await open(uriOfName(uri));
    } catch (error) {
      if (!(error instanceof VirtError) || error.code !== "NO_CONNECT") throw error;
      failure ??= error;
    }
  }
  throw failure;
}
