import { VirtError } from "@polyvisor/core";
import type { TlsMaterial } from "../listen/tls/files.js";
import type { SessionServer } from "../rpc/server.js";
import type { Session } from "../rpc/session.js";
import { StartError } from "../startup/start-error.js";
import type { ManagedClient, ManagedServer, Workload } from "./managed.js";

/**
 * The server of hypervisors, as the admin program sees it: under the name by which libvirt's clients know it. `tlsMaterial`
 * reads the certificates.
 */
export function managedSessions(server: SessionServer, tlsMaterial: () => Promise<TlsMaterial>): ManagedServer {
  return {
    name: "libvirtd",
    get clients() {
      return [...server.sessions].map(managedClient);
    },
    get anonymousClients() {
      return server.anonymousClients;
    },
    get workload() {
      return workloadOf(server);
    },
    get limits() {
      const { maxClients, maxAnonymousClients } = server.live;
      return { maxClients, maxAnonymousClients };
    },
    setLimits: (limits) => server.adjust(limits),
    setMostCalls: (maxWorkers) => server.adjust({ maxWorkers }),
    get updateTls() {
      return server.hasTls ? async () => server.renewTls(await tlsMaterial().catch(toldAsFault)) : undefined;
    },
  };
}

/** What is wrong with the files is the operator's to mend, and no fault of the daemon. */
function toldAsFault(error: unknown): never {
  if (!(error instanceof StartError)) throw error;
  throw new VirtError("SYSTEM_ERROR", error.message, { domain: "RPC", ...(error.hint && { hint: error.hint }) });
}

function managedClient(session: Session): ManagedClient {
  const { id, since, transport, readOnly, identity, address } = session.client;
  return { id, since, transport, readOnly, identity, address, disconnect: () => session.abandon() };
}

function workloadOf({ sessions, live }: SessionServer): Workload {
  const sum = { slow: 0, high: 0, waiting: 0 };
  for (const { calls } of sessions) {
    sum.slow += calls.slow;
    sum.high += calls.high;
    sum.waiting += calls.waiting;
  }
  return { ...sum, most: live.maxWorkers ?? live.maxClients * live.maxClientRequests };
}
