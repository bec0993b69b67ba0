import type { CallContext, Domain, HypervisorConnection, HypervisorHandlers, Uri } from "@polyvisor/core";
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
    ...(Object.assign({}, ...handlers.map((each) => leavable(each, machines))) as HypervisorHandlers),
    // the daemon asks it about the way from here to the server
    ...{ connectIsSecure: () => parsed.secure },
    uri: parsed.canonical,
    isElsewhere: true,
    resolveDomain: async ({ uuid }) => (await machines.look({ uuid })).ref,
    close: () => server.close(),
  };
}

type Handler = (args: unknown, context: CallContext) => unknown;

/** Whoever gives up on a call hears so at once; what the server has been told goes on there. */
function leavable(handlers: HypervisorHandlers, machines: Machines): HypervisorHandlers {
  const entries = Object.entries(handlers as Readonly<Record<string, Handler>>).map(([name, handler]) => {
    const leaving: Handler = (args, context) =>
      untilLeft(context.signal, async () => {
        try {
          return await handler(args, context);
        } catch (error) {
          if (error instanceof ServerRefusal) await checkThere(args, machines);
          throw error;
        }
      });
    return [name, leaving] as const;
  });
  return Object.fromEntries(entries) as HypervisorHandlers;
}

/** A machine may go in the middle of a call, or be gone before: that is what the caller is told then. */
async function checkThere(args: unknown, machines: Machines): Promise<void> {
  const { dom } = (args ?? {}) as { dom?: Domain };
  if (dom !== undefined) await machines.find(dom);
}

function untilLeft(signal: AbortSignal, work: () => Promise<unknown>): Promise<unknown> {
  const left = () => hypervError("OPERATION_ABORTED", "the caller gave up", "what the server was told may go on there");
  if (signal.aborted) throw left();
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(left());
    signal.addEventListener("abort", onAbort, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", onAbort));
  });
}
