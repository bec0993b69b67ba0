import {
  type Domain,
  type HypervisorCallName,
  type HypervisorClient,
  type HypervisorConnection,
  type Log,
  notSupported,
  polyvisorProgram,
  type RemoteProgramClient,
  remoteProgram,
  VirtError,
} from "@polyvisor/core";
import { type RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { RemoteEvents } from "./events.js";

const AUTH_NONE = 0;
const OPEN_READ_ONLY = 1;
const FEATURE_KEEPALIVE = 10;

/** As virsh does it: a ping after 5 s of silence, dead after 6 of them without an answer. */
const KEEPALIVE = { interval: 5, count: 6 } as const;

/** Calls about the connection itself. They are made here, and a caller has other means: `events`, `close`, `uri`. */
const OWN_CALLS: ReadonlySet<HypervisorCallName> = new Set([
  "authList",
  "connectOpen",
  "connectClose",
  "connectGetURI",
  "connectRegisterCloseCallback",
  "connectUnregisterCloseCallback",
  "connectDomainEventRegister",
  "connectDomainEventDeregister",
  "connectDomainEventRegisterAny",
  "connectDomainEventDeregisterAny",
  "connectDomainEventCallbackRegisterAny",
  "connectDomainEventCallbackDeregisterAny",
]);

/** Opens a hypervisor of the daemon at the other end. The client is the connection's from here on, and closed with it. */
export async function openRemote(
  client: RpcClient,
  name: string,
  { readOnly, log }: { readonly readOnly: boolean; readonly log: Log },
): Promise<HypervisorConnection> {
  const api = stubsOf(client, remoteProgram);
  await authenticate(api);
  if ((await api.connectSupportsFeature({ feature: FEATURE_KEEPALIVE })) !== 0)
    client.keepAlive(KEEPALIVE.interval, KEEPALIVE.count);
  await api.connectOpen({ name, flags: readOnly ? OPEN_READ_ONLY : 0 });
  return {
    ...forwarded(api),
    ...extensions(client),
    uri: await api.connectGetURI({}),
    /** The daemon finds the domain, and checks permissions on what it found. */
    resolveDomain: (reference: Domain) => reference,
    events: new RemoteEvents(client, api, log),
    lost: lossOf(client),
    close: () => closeRemote(client, api),
  };
}

async function authenticate(api: RemoteProgramClient): Promise<void> {
  const types = await api.authList({});
  if (types.length === 0 || types.includes(AUTH_NONE)) return;
  throw new VirtError("AUTH_FAILED", `unsupported authentication type ${types[0]}`, {
    domain: "REMOTE",
    hint: "only daemons that let this user in without a password can be reached; root usually is one",
  });
}

/** A handler for every call of the table but this plugin's own. */
function forwarded(api: RemoteProgramClient): Partial<RemoteProgramClient> {
  return Object.fromEntries(Object.entries(api).filter(([name]) => !OWN_CALLS.has(name as HypervisorCallName)));
}

/** Calls that only a polyvisord has: any other daemon says that it does not know their program. */
function extensions(client: RpcClient): Partial<HypervisorClient> {
  const stubs = stubsOf(client, polyvisorProgram);
  const extension = (name: string, call: (args: never) => Promise<unknown>) => async (args: never) => {
    try {
      return await call(args);
    } catch (error) {
      if (!(error instanceof VirtError) || !/Cannot find program/.test(error.message)) throw error;
      throw notSupported(name);
    }
  };
  return Object.fromEntries(Object.entries(stubs).map(([name, call]) => [name, extension(name, call)]));
}

function lossOf(client: RpcClient): Promise<VirtError> {
  return new Promise((resolve) => {
    void client.closed.then((reason) => {
      if (reason !== undefined) resolve(reason);
    });
  });
}

/** Says good-bye where anybody is there to hear it. */
async function closeRemote(client: RpcClient, api: RemoteProgramClient): Promise<void> {
  await api.connectClose({}).catch(() => {});
  await client.close();
}
