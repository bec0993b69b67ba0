import {
  type Call,
  type CallContext,
  connectionClosedEvent,
  type Domain,
  type HypervisorClient,
  type HypervisorConnection,
  hypervisorApi,
  type Identity,
  type Log,
  lxcProgram,
  notSupported,
  type Program,
  polyvisorProgram,
  qemuProgram,
  type RemoteProgramClient,
  remoteProgram,
  VirtError,
} from "@polyvisor/core";
import { authFiles, credentialsFor } from "@polyvisor/sdk/auth-file";
import { type RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { askingForDescriptors } from "./descriptors.js";
import { RemoteEvents } from "./events.js";
import { identityParams } from "./identity.js";
import { logIn } from "./login.js";
import { RemoteMonitorEvents } from "./monitor-events.js";
import { RemoteObjectEvents } from "./object-events.js";
import type { Target } from "./target.js";

const OPEN_READ_ONLY = 1;
const FEATURE = { KEEPALIVE: 10, CLOSE_CALLBACK: 15 } as const;

/** As virsh does it: a ping after 5 s of silence, dead after 6 of them without an answer. */
const KEEPALIVE = { interval: 5, count: 6 } as const;

/**
 * What a daemon's session answers, and yet a caller asks the daemon for. All else that sessions answer is made here, and a
 * caller has other means: `events`, `objectEvents`, `lost`, `close`, `uri`.
 */
const SESSION_CALLS: ReadonlySet<string> = new Set([
  "connectSupportsFeature",
  "connectGetLibVersion",
  "connectListDriverCalls",
  "connectListAllPlugins",
  "connectEnablePlugin",
  "connectDisablePlugin",
  "connectReplacePlugin",
]);

/** Programs beside the remote one: those of one driver, and ours, which only a polyvisord has. */
const EXTENSIONS: readonly Program[] = [qemuProgram, lxcProgram, polyvisorProgram];

export interface OpenOptions {
  readonly readOnly: boolean;
  readonly log: Log;
  /** The client that the connection is for: told to the daemon, which is the host's own and believes it. */
  readonly inTheNameOf?: Identity;
}

/** Opens a hypervisor of the daemon at the other end. The client is the connection's from here on, and closed with it. */
export async function openRemote(
  client: RpcClient,
  target: Target,
  { readOnly, log, inTheNameOf }: OpenOptions,
): Promise<HypervisorConnection> {
  const api = stubsOf(client, remoteProgram);
  await logIn(api, {
    wanted: target.auth,
    credentials: () => credentialsFor(target.host, authFiles(target.authFile, process.env, process.getuid?.() ?? 0)),
  });
  // The host itself watches over a daemon of its own.
  if (inTheNameOf !== undefined) await api.connectSetIdentity({ params: identityParams(inTheNameOf), flags: 0 });
  else if ((await api.connectSupportsFeature({ feature: FEATURE.KEEPALIVE })) !== 0)
    client.keepAlive(KEEPALIVE.interval, KEEPALIVE.count);
  await api.connectOpen({ name: target.name, flags: readOnly ? OPEN_READ_ONLY : 0 });
  const lost = lossOf(client);
  await askForLoss(api);
  return {
    ...askingForDescriptors(api, { ...forwarded(api), ...extensions(client) }),
    ...{ connectIsSecure: async () => target.isSecure && (await api.connectIsSecure({})) },
    uri: await api.connectGetURI({}),
    /** The daemon finds the domain, and checks permissions on what it found. */
    resolveDomain: (reference: Domain) => reference,
    events: new RemoteEvents(client, api, log),
    objectEvents: new RemoteObjectEvents(client, api, log),
    monitorEvents: new RemoteMonitorEvents(client),
    lost,
    close: () => closeRemote(client, api),
  };
}

/** A handler for every call of the table but this plugin's own. */
function forwarded(api: RemoteProgramClient): Partial<RemoteProgramClient> {
  const calls: Readonly<Record<string, Call>> = hypervisorApi;
  const isForwarded = (name: string) => calls[name]?.by === "driver" || SESSION_CALLS.has(name);
  return Object.fromEntries(Object.entries(api).filter(([name]) => isForwarded(name)));
}

type AnyCall = (args: never, context?: Partial<CallContext>) => Promise<unknown>;

/** Calls of programs that not every daemon has. */
function extensions(client: RpcClient): Partial<HypervisorClient> {
  const handlers = EXTENSIONS.flatMap((program: Program) =>
    Object.entries<AnyCall>(stubsOf(client, program))
      .filter(([name]) => program.calls[name]?.by === "driver" || SESSION_CALLS.has(name))
      .map(([name, call]) => [name, orNotSupported(name, call)] as const),
  );
  return Object.fromEntries(handlers);
}

/** A daemon that does not know the program supports none of its calls. */
function orNotSupported(name: string, call: AnyCall): AnyCall {
  return async (args, context) => {
    try {
      return await call(args, context);
    } catch (error) {
      if (!(error instanceof VirtError) || !/Cannot find program/.test(error.message)) throw error;
      throw notSupported(name);
    }
  };
}

/** The connection is of no more use once it breaks, or once the daemon tells that its own to the hypervisor did. */
function lossOf(client: RpcClient): Promise<VirtError> {
  return new Promise((resolve) => {
    client.onMessage(remoteProgram, connectionClosedEvent, () => resolve(hypervisorGone()));
    void client.closed.then((reason) => {
      if (reason !== undefined) resolve(reason);
    });
  });
}

/** Not every driver has a connection of its own that it could lose, and not every daemon tells of it. */
async function askForLoss(api: RemoteProgramClient): Promise<void> {
  if ((await api.connectSupportsFeature({ feature: FEATURE.CLOSE_CALLBACK })) === 0) return;
  await api.connectRegisterCloseCallback({}).catch(() => {});
}

function hypervisorGone(): VirtError {
  return new VirtError("INTERNAL_ERROR", "the daemon lost its connection to the hypervisor", {
    domain: "REMOTE",
    hint: "open a new connection once the hypervisor can be reached again",
  });
}

/** Says good-bye where anybody is there to hear it. */
async function closeRemote(client: RpcClient, api: RemoteProgramClient): Promise<void> {
  await api.connectClose({}).catch(() => {});
  await client.close();
}
