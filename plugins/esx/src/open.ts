import type {
  CallContext,
  Domain,
  DomainSnapshot,
  HypervisorConnection,
  HypervisorHandlers,
  Uri,
} from "@polyvisor/core";
import { type Leaving, leavable } from "@polyvisor/sdk/leavable";
import type { EsxConfig } from "./config.js";
import { autostartHandlers } from "./handlers/autostart.js";
import { definitionHandlers } from "./handlers/definition.js";
import { guestHandlers } from "./handlers/guest.js";
import { hostHandlers } from "./handlers/host.js";
import { interfaceHandlers } from "./handlers/interfaces.js";
import { listingHandlers } from "./handlers/listing.js";
import { migrationHandlers } from "./handlers/migration.js";
import { networkHandlers } from "./handlers/networks.js";
import { poolHandlers } from "./handlers/pools.js";
import { powerHandlers } from "./handlers/power.js";
import { screenshotHandlers } from "./handlers/screenshot.js";
import { snapshotHandlers } from "./handlers/snapshots.js";
import { statsHandlers } from "./handlers/stats.js";
import { tuningHandlers } from "./handlers/tuning.js";
import { volumeHandlers } from "./handlers/volumes.js";
import { openServer, type Server } from "./server.js";
import { esxError, SoapFault } from "./soap/error.js";
import { parseEsxUri } from "./uri.js";

const TOPICS: readonly ((server: Server) => HypervisorHandlers)[] = [
  hostHandlers,
  listingHandlers,
  powerHandlers,
  tuningHandlers,
  autostartHandlers,
  definitionHandlers,
  snapshotHandlers,
  guestHandlers,
  screenshotHandlers,
  migrationHandlers,
  statsHandlers,
  poolHandlers,
  volumeHandlers,
  networkHandlers,
  interfaceHandlers,
];

/** Logs in at the server that a URI names, and finds the host there. */
export async function openConnection(uri: Uri, context: CallContext, config: EsxConfig): Promise<HypervisorConnection> {
  const parsed = parseEsxUri(uri);
  const server = await openServer(parsed, config, context);
  const handlers = TOPICS.map((topic) => topic(server));
  return {
    ...(Object.assign({}, ...handlers.map((each) => leavable(each, LEAVING))) as HypervisorHandlers),
    uri: parsed.canonical,
    isElsewhere: true,
    resolveDomain: async ({ uuid }) => (await server.machines.look(uuid)).dom,
    close: () => server.close(),
  };
}

const LEAVING: Leaving = {
  abandoned: () => esxError("OPERATION_ABORTED", "the caller gave up", "what the server was told may go on there"),
  meaning: asGone,
};

/** A machine may go in the middle of a call: the server then knows no such object. */
function asGone(error: unknown, args: unknown): unknown {
  const { dom, snap } = (args ?? {}) as { dom?: Domain; snap?: DomainSnapshot };
  const { uuid } = dom ?? snap?.dom ?? {};
  if (uuid === undefined || !(error instanceof SoapFault) || error.fault !== "ManagedObjectNotFound") return error;
  return esxError("NO_DOMAIN", `Could not find domain with UUID '${uuid}'`, "it is gone", { cause: error });
}
