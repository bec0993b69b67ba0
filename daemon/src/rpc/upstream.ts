import { realpath } from "node:fs/promises";
import {
  type CallContext,
  formatUri,
  type Host,
  type HypervisorConnection,
  parseUri,
  type Uri,
  uriParam,
  VirtError,
} from "@polyvisor/core";

/**
 * Reads the URI of another daemon that clients may reach through this one. Throws a `VirtError` for what cannot be kept: what
 * the other daemon is asked to open must be its own, so that no two daemons can pass a client to and fro.
 */
export function parseUpstream(text: string): Uri {
  const uri = parseUri(text);
  const transport = transportOf(uri);
  const name = uriParam(uri, "name");
  if (transport === undefined) throw unfit(text, "it names no other daemon: a host or a transport is missing");
  if (transport === "unix" && uriParam(uri, "socket") === undefined)
    throw unfit(text, "by a unix socket only socket=PATH tells which daemon is meant");
  if (uri.scheme === "remote" && name === undefined) throw unfit(text, "name=URI must say what to open there");
  if (name !== undefined && transportOf(parseUri(name)) !== undefined)
    throw unfit(text, `that daemon would have to go on to another one for ${name}`);
  return { ...uri, transport };
}

function unfit(text: string, why: string): VirtError {
  return new VirtError("INVALID_ARG", `${text}: ${why}`);
}

/** As libvirt's client sees it: a host alone means TLS. */
function transportOf({ transport, server }: Uri): string | undefined {
  return transport ?? (server === undefined ? undefined : "tls");
}

/**
 * Which of the operator's URIs a client's means. The way is the operator's alone: a client's parameters may repeat those of
 * the operator's URI, and any other is refused, because the daemon would read files or run programs for it as its own user,
 * or trust whom it should not. Throws `OPERATION_DENIED`.
 */
export function upstreamFor(wanted: Uri, upstreams: readonly Uri[]): Uri | undefined {
  const transport = transportOf(wanted);
  if (transport === undefined) return undefined;
  const same = upstreams.filter((uri) => isSamePlace(uri, { ...wanted, transport }));
  const found = same.find((uri) => strangeParam(wanted, uri) === undefined);
  // Some clients send along how they came: by the socket of this daemon, which is here.
  if (wanted.server === undefined) return uriParam(wanted, "socket") === undefined ? undefined : found;
  if (found !== undefined) return found;
  const [first] = same;
  if (first !== undefined) throw refused(wanted, `the parameter ${strangeParam(wanted, first)} is not the operator's`);
  if (wanted.transport === undefined) return undefined;
  throw refused(wanted, "the operator has not listed it");
}

function isSamePlace(uri: Uri, wanted: Uri): boolean {
  return (
    uri.scheme === wanted.scheme &&
    uri.transport === wanted.transport &&
    uri.server?.toLowerCase() === wanted.server?.toLowerCase() &&
    uri.port === wanted.port &&
    uri.path === wanted.path &&
    (wanted.user === undefined || uri.user === wanted.user)
  );
}

/** A parameter of the client's URI that the operator's has not, or has with another value. */
function strangeParam(wanted: Uri, uri: Uri): string | undefined {
  return wanted.params.find(([name, value]) => uriParam(uri, name) !== value)?.[0];
}

function refused(wanted: Uri, why: string): VirtError {
  const place = formatUri({ ...wanted, params: [] });
  return new VirtError("OPERATION_DENIED", `this daemon does not lead to ${place}: ${why}`, {
    domain: "RPC",
    hint: "remote_uris in the daemon's configuration lists the daemons that clients may reach through it, with the way to each",
  });
}

/** How long a daemon and the way to it may take until a URI is open there, in milliseconds. */
const OPEN_MS = 60_000;

/** What the opening of another daemon takes from the server. */
export interface UpstreamTerms {
  readonly host: Pick<Host, "openDriver">;
  /** The unix sockets on which this daemon itself listens. */
  readonly ownSockets: readonly string[];
  /** Whether a policy has to judge what clients do. */
  readonly hasPolicy: boolean;
}

/** Opens a URI of the operator's for a client. Nobody sits at the daemon's terminal, so programs on the way must not ask. */
export async function openUpstream(
  uri: Uri,
  context: CallContext,
  terms: UpstreamTerms,
): Promise<HypervisorConnection> {
  await refuseItself(uri, terms.ownSockets);
  const params = [...uri.params.filter(([name]) => name.toLowerCase() !== "no_tty"), ["no_tty", "1"] as const];
  const upstream = formatUri({ ...uri, params: [] });
  const connection = await inTime(context, upstream, (within) => terms.host.openDriver({ ...uri, params }, within));
  context.log.info({ upstream }, "a client is led to another daemon");
  const { domainLookupByUUID: lookup } = connection;
  if (!terms.hasPolicy || lookup === undefined) return connection;
  // Without a policy the other daemon finds the domain itself; a policy here must see which one the client's words mean.
  return { ...connection, resolveDomain: ({ uuid }) => lookup({ uuid }, context) };
}

/** Neither a client that has left nor a daemon that says nothing keeps a way open. */
async function inTime<T>(
  { identity, readOnly, log, signal }: CallContext,
  upstream: string,
  open: (within: CallContext) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const leave = () => ending.abort();
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave, { once: true });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    leave();
  }, OPEN_MS);
  try {
    return await open({ identity, readOnly, log, signal: ending.signal });
  } catch (error) {
    if (!isLate) throw error;
    throw new VirtError("OPERATION_TIMEOUT", `${upstream} has not answered for ${OPEN_MS / 1000} seconds`, {
      domain: "RPC",
      hint: "the way in remote_uris must lead to a daemon without a question to anybody",
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  }
}

async function refuseItself(uri: Uri, ownSockets: readonly string[]): Promise<void> {
  const socket = uriParam(uri, "socket");
  if (uri.transport !== "unix" || socket === undefined) return;
  const real = (path: string) => realpath(path).catch(() => path);
  const [wanted, ...own] = await Promise.all([socket, ...ownSockets].map(real));
  if (own.every((path) => path !== wanted)) return;
  throw new VirtError("INVALID_ARG", `the daemon would lead to itself: ${socket} is a socket of its own`, {
    domain: "RPC",
    hint: "open the URI without a transport, and take it out of remote_uris",
  });
}
