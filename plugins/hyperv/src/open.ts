import type { CallContext, Domain, HypervisorConnection, HypervisorHandlers, Uri } from "@polyvisor/core";
import { type Leaving, leavable } from "@polyvisor/sdk/leavable";
import type { HypervConfig } from "./config.js";
import { hypervError, ServerRefusal } from "./errors.js";
import { definitionHandlers } from "./handlers/definition.js";
import { hostHandlers } from "./handlers/host.js";
import { lifecycleHandlers } from "./handlers/lifecycle.js";
import { listingHandlers } from "./handlers/listing.js";
import { networkHandlers } from "./handlers/networks.js";
import { screenHandlers } from "./handlers/screen.js";
import { settingHandlers } from "./handlers/settings.js";
import type { Machines } from "./machine/machines.js";
import { openServer } from "./server.js";
import type { Turns } from "./turns.js";
import { parseHypervUri } from "./uri.js";

/** Logs in at the server that a URI names. */
export async function openConnection(
  uri: Uri,
  context: CallContext,
  config: HypervConfig,
  definitions: Turns,
): Promise<HypervisorConnection> {
  const parsed = parseHypervUri(uri);
  const server = await openServer(parsed, config, context);
  const { machines, wmi } = server;
  const handlers: readonly HypervisorHandlers[] = [
    hostHandlers(server),
    listingHandlers(machines),
    lifecycleHandlers(machines),
    settingHandlers(machines),
    definitionHandlers(server, (work) => definitions.run(`${parsed.host}:${parsed.port}`, work)),
    screenHandlers(machines),
    networkHandlers(wmi),
  ];
  return {
    ...(Object.assign({}, ...handlers.map((each) => leavable(each, leavingOf(machines)))) as HypervisorHandlers),
    // the daemon asks it about the way from here to the server
    ...{ connectIsSecure: () => parsed.secure },
    uri: parsed.canonical,
    isElsewhere: true,
    resolveDomain: async ({ uuid }) => (await machines.look({ uuid })).ref,
    close: () => server.close(),
  };
}

function leavingOf(machines: Machines): Leaving {
  return {
    abandoned: () => hypervError("OPERATION_ABORTED", "the caller gave up", "what the server was told may go on there"),
    async meaning(error, args) {
      if (error instanceof ServerRefusal) await checkThere(args, machines);
      return error;
    },
  };
}

/** A machine may go in the middle of a call, or be gone before: that is what the caller is told then. */
async function checkThere(args: unknown, machines: Machines): Promise<void> {
  const { dom } = (args ?? {}) as { dom?: Domain };
  if (dom !== undefined) await machines.find(dom);
}
