import {
  type AdminClient,
  type AdminHandlers,
  type AdminServer,
  checkFlags,
  LIB_VERSION,
  type TypedParam,
  VirtError,
} from "@polyvisor/core";
import type { LogCentre } from "../log/centre.js";
import { formatFilters, formatOutputs, parseFilters, parseOutputs } from "../log/settings.js";
import { describeClient } from "./identity.js";
import type { ManagedClient, ManagedServer } from "./managed.js";
import { invalid, readNumbers, uints } from "./params.js";

/** What the admin program is about. */
export interface Managed {
  readonly servers: readonly ManagedServer[];
  readonly log: Pick<LogCentre, "outputs" | "filters" | "set">;
  /** The daemon ends after so many seconds without clients; 0 means never. */
  setTimeout(seconds: number): void;
}

/** What the session of an admin client answers itself. */
export type AdminCalls = Omit<AdminHandlers, "connectClose">;

const UINT_MAX = 4294967295;

/** The calls of the admin program. */
export function adminCalls({ servers, log, setTimeout }: Managed): AdminCalls {
  const find = ({ name }: AdminServer) => findServer(servers, name);
  return {
    connectOpen: ({ flags }) => noFlags(flags, "adminDispatchConnectOpen"),
    connectGetLibVersion: () => LIB_VERSION,

    connectListServers({ flags }) {
      noFlags(flags, "adminConnectListServers");
      return servers.map(({ name }) => ({ name }));
    },

    connectLookupServer: ({ name }) => ({ name: findServer(servers, name).name }),

    serverGetThreadpoolParameters({ srv, flags }) {
      noFlags(flags, "adminServerGetThreadPoolParameters");
      return workloadParams(find(srv));
    },

    serverSetThreadpoolParameters({ srv, params, flags }) {
      noFlags(flags, "adminServerSetThreadPoolParameters");
      setWorkers(find(srv), params);
    },

    serverListClients({ srv, flags }) {
      noFlags(flags, "adminServerListClients");
      const server = find(srv);
      return [...server.clients].map((client) => referenceTo(server, client));
    },

    serverLookupClient({ srv, id, flags }) {
      noFlags(flags, "adminServerLookupClient");
      const server = find(srv);
      return referenceTo(server, findClient(server, id));
    },

    clientGetInfo({ clnt, flags }) {
      noFlags(flags, "adminClientGetInfo");
      return describeClient(findClient(find(clnt.srv), clnt.id));
    },

    clientClose({ clnt, flags }) {
      noFlags(flags, "adminClientClose");
      findClient(find(clnt.srv), clnt.id).disconnect();
    },

    serverGetClientLimits({ srv, flags }) {
      noFlags(flags, "adminServerGetClientLimits");
      return limitParams(find(srv));
    },

    serverSetClientLimits({ srv, params, flags }) {
      noFlags(flags, "adminServerSetClientLimits");
      setLimits(find(srv), params);
    },

    connectGetLoggingOutputs({ flags }) {
      noFlags(flags, "adminConnectGetLoggingOutputs");
      return { outputs: formatOutputs(log.outputs), noutputs: log.outputs.length };
    },

    connectGetLoggingFilters({ flags }) {
      noFlags(flags, "adminConnectGetLoggingFilters");
      const { filters } = log;
      return { filters: filters.length === 0 ? null : formatFilters(filters), nfilters: filters.length };
    },

    connectSetLoggingOutputs({ outputs, flags }) {
      noFlags(flags, "adminConnectSetLoggingOutputs");
      return log.set({ outputs: parseOutputs(outputs ?? "") });
    },

    connectSetLoggingFilters({ filters, flags }) {
      noFlags(flags, "adminConnectSetLoggingFilters");
      return log.set({ filters: parseFilters(filters ?? "") });
    },

    serverUpdateTlsFiles({ srv, flags }) {
      noFlags(flags, "adminServerUpdateTlsFiles");
      return updateTls(find(srv));
    },

    connectSetDaemonTimeout({ timeout, flags }) {
      noFlags(flags, "adminConnectSetDaemonTimeout");
      setTimeout(timeout);
    },
  };
}

function noFlags(flags: number, caller: string): void {
  checkFlags(flags, 0, caller, "ADMIN");
}

function findServer(servers: readonly ManagedServer[], name: string): ManagedServer {
  const found = servers.find((server) => server.name === name);
  if (found !== undefined) return found;
  throw new VirtError("NO_SERVER", `No server named '${name}'`, {
    domain: "RPC",
    hint: `the servers are ${servers.map((server) => server.name).join(", ")}`,
  });
}

function findClient(server: ManagedServer, id: bigint | number): ManagedClient {
  for (const client of server.clients) if (BigInt(client.id) === BigInt(id)) return client;
  throw new VirtError("NO_CLIENT", `No client with matching ID '${id}'`, { domain: "RPC" });
}

function referenceTo({ name }: ManagedServer, { id, since, transport }: ManagedClient): AdminClient {
  return { srv: { name }, id, timestamp: Math.floor(since / 1000), transport };
}

/**
 * There is no pool: one thread carries all calls, and a place for a call costs nothing. So what libvirt tells of its workers
 * is told of the places: how many there may be, are taken, and are free.
 */
function workloadParams({ workload }: ManagedServer): readonly TypedParam[] {
  const { slow, high, waiting, most } = workload;
  const places = Math.min(most, UINT_MAX);
  return uints({
    minWorkers: 0,
    maxWorkers: places,
    nWorkers: slow,
    freeWorkers: Math.max(0, places - slow),
    prioWorkers: high,
    jobQueueDepth: waiting,
  });
}

/** Of the figures one can be set: how many slow calls run at a time. */
function setWorkers(server: ManagedServer, params: readonly TypedParam[]): void {
  const known = ["minWorkers", "maxWorkers", "prioWorkers"] as const;
  const { minWorkers, maxWorkers, prioWorkers } = readNumbers(params, known);
  if (minWorkers !== undefined && minWorkers > (maxWorkers ?? server.workload.most))
    throw invalid("minWorkers cannot be larger than maxWorkers");
  if (maxWorkers === 0) throw invalid("maxWorkers must not be switched from zero to non-zero and vice versa");
  if (server.setMostCalls === undefined || minWorkers !== undefined || prioWorkers !== undefined)
    throw new VirtError("OPERATION_UNSUPPORTED", `server '${server.name}' has no pool of threads to be set`, {
      domain: "ADMIN",
      hint: "maxWorkers of the server libvirtd bounds the slow calls that run at a time; nothing else can be set",
    });
  if (maxWorkers !== undefined) server.setMostCalls(maxWorkers);
}

function limitParams({ clients, anonymousClients, limits }: ManagedServer): readonly TypedParam[] {
  return uints({
    nclients_max: limits.maxClients,
    nclients: [...clients].length,
    nclients_unauth_max: limits.maxAnonymousClients,
    nclients_unauth: anonymousClients,
  });
}

function setLimits(server: ManagedServer, params: readonly TypedParam[]): void {
  const { nclients_max, nclients_unauth_max } = readNumbers(params, ["nclients_max", "nclients_unauth_max"]);
  const limits = {
    maxClients: nclients_max ?? server.limits.maxClients,
    maxAnonymousClients: nclients_unauth_max ?? server.limits.maxAnonymousClients,
  };
  if (limits.maxClients < limits.maxAnonymousClients)
    throw invalid(
      "The overall maximum number of clients waiting for authentication must not be less than the overall maximum " +
        "number of clients",
      `max-unauth-clients (${limits.maxAnonymousClients}) must not be more than max-clients (${limits.maxClients})`,
    );
  server.setLimits(limits);
}

async function updateTls({ updateTls: update }: ManagedServer): Promise<void> {
  if (update === undefined)
    throw new VirtError("INTERNAL_ERROR", "no tls service found, unable to update tls files", {
      domain: "RPC",
      hint: "this server does not listen with TLS",
    });
  await update();
}
