import { type CallContext, type Host, type Log, parseUri } from "@polyvisor/core";
import { defaultUris } from "../rpc/open-uri.js";

/** Guests that run on this host's own hypervisors. One that cannot be asked counts as having some: better to stay. */
export async function countGuests(host: Host, log: Log): Promise<number> {
  const uris = defaultUris(host, undefined).filter((uri) => !uri.startsWith("test:"));
  const counts = await Promise.all(uris.map((uri) => countOn(host, uri, log)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function countOn(host: Host, uri: string, log: Log): Promise<number> {
  const context: CallContext = { identity: {}, readOnly: true, signal: new AbortController().signal, log };
  try {
    const connection = await host.openDriver(parseUri(uri), context);
    try {
      return (await connection.connectNumOfDomains?.({}, context)) ?? 0;
    } finally {
      await connection.close();
    }
  } catch (error) {
    if ((error as { code?: string }).code === "NO_CONNECT") return 0;
    log.warn({ err: error, uri }, "it cannot be found out whether guests run; the daemon stays");
    return 1;
  }
}
