/**
 * Parameters of a URI that tell the way to a daemon. libvirt's client keeps them to itself; other clients send them along. Their
 * names have no case.
 */
export const WAY_PARAMS = [
  "name",
  "command",
  "socket",
  "auth",
  "sshauth",
  "netcat",
  "keyfile",
  "pkipath",
  "authfile",
  "known_hosts",
  "known_hosts_verify",
  "tls_priority",
  "no_sanity",
  "no_verify",
  "no_tty",
  "mode",
  "proxy",
] as const;

export type WayParam = (typeof WAY_PARAMS)[number];

const NAMES: ReadonlySet<string> = new Set(WAY_PARAMS);

export function isWayParam(name: string): boolean {
  return NAMES.has(name.toLowerCase());
}
