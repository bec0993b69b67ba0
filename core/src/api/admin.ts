import { array, i64, named, optional, struct, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { text, typedParam } from "./types.js";

/** A set of listeners of a daemon, with the clients that came by them. */
export interface AdminServer {
  readonly name: string;
}

/** One client of a server. */
export interface AdminClient {
  readonly srv: AdminServer;
  readonly id: bigint | number;
  /** When it came, in seconds since 1970. */
  readonly timestamp: bigint | number;
  /** How it came: one of `CLIENT_TRANSPORT`. */
  readonly transport: number;
}

const server = named<AdminServer, AdminServer>(struct({ name: text }));
const client = named<AdminClient, AdminClient>(struct({ srv: server, id: u64, timestamp: i64, transport: u32 }));
const flags = u32;

/** No permissions: who may open the socket may do everything. */
const OPEN_TO_ALL = { acl: [] } as const;

/** Calls about the daemon itself: its clients, its limits and its log. They come by a socket of their own. */
export const adminApi = defineApi({
  connectOpen: call(1, { flags }, {}, OPEN_TO_ALL),
  connectClose: call(2, {}, {}, OPEN_TO_ALL),
  connectGetLibVersion: call(3, {}, { libVer: u64 }, { ...OPEN_TO_ALL, shape: { returns: "libVer" } }),
  connectListServers: call(
    4,
    { needResults: u32, flags },
    { servers: array(server, LIMITS.adminServers), ret: u32 },
    { ...OPEN_TO_ALL, shape: { list: "servers" } },
  ),
  connectLookupServer: call(5, { name: text, flags }, { srv: server }, { ...OPEN_TO_ALL, shape: { returns: "srv" } }),
  serverGetThreadpoolParameters: call(
    6,
    { srv: server, flags },
    { params: array(typedParam, LIMITS.adminThreadpoolParameters) },
    { ...OPEN_TO_ALL, shape: { returns: "params" } },
  ),
  serverSetThreadpoolParameters: call(
    7,
    { srv: server, params: array(typedParam, LIMITS.adminThreadpoolParameters), flags },
    {},
    OPEN_TO_ALL,
  ),
  serverListClients: call(
    8,
    { srv: server, needResults: u32, flags },
    { clients: array(client, LIMITS.adminClients), ret: u32 },
    { ...OPEN_TO_ALL, shape: { list: "clients" } },
  ),
  serverLookupClient: call(
    9,
    { srv: server, id: u64, flags },
    { clnt: client },
    { ...OPEN_TO_ALL, shape: { returns: "clnt" } },
  ),
  clientGetInfo: call(
    10,
    { clnt: client, flags },
    { params: array(typedParam, LIMITS.adminClientInfoParameters) },
    { ...OPEN_TO_ALL, shape: { returns: "params" } },
  ),
  clientClose: call(11, { clnt: client, flags }, {}, OPEN_TO_ALL),
  serverGetClientLimits: call(
    12,
    { srv: server, flags },
    { params: array(typedParam, LIMITS.adminClientLimits) },
    { ...OPEN_TO_ALL, shape: { returns: "params" } },
  ),
  serverSetClientLimits: call(
    13,
    { srv: server, params: array(typedParam, LIMITS.adminClientLimits), flags },
    {},
    OPEN_TO_ALL,
  ),
  connectGetLoggingOutputs: call(14, { flags }, { outputs: text, noutputs: u32 }, OPEN_TO_ALL),
  /** `filters` is null where there are none. */
  connectGetLoggingFilters: call(15, { flags }, { filters: optional(text), nfilters: u32 }, OPEN_TO_ALL),
  /** Without outputs the daemon's default counts. */
  connectSetLoggingOutputs: call(16, { outputs: optional(text), flags }, {}, OPEN_TO_ALL),
  connectSetLoggingFilters: call(17, { filters: optional(text), flags }, {}, OPEN_TO_ALL),
  /** Reads the certificates again. */
  serverUpdateTlsFiles: call(18, { srv: server, flags }, {}, OPEN_TO_ALL),
  /** After so many seconds without clients the daemon ends; 0 means that it stays. */
  connectSetDaemonTimeout: call(19, { timeout: u32, flags }, {}, OPEN_TO_ALL),
});

export interface AdminHandlers extends Required<HandlersOf<typeof adminApi>> {}
