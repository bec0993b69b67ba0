import { dirname } from "node:path";
import { type AccessPolicy, type Host, type Log, type LoginMechanisms, silentLog } from "@polyvisor/core";
import { clearStale, peerCredentials } from "@polyvisor/sdk/process";
import { makeFolders } from "@polyvisor/sdk/store";
import type { LoginTerms } from "./auth/login.js";
import { ownContext } from "./auth/offers.js";
import { liveSettings } from "./config/live.js";
import { settingsSchema } from "./config/schema.js";
import type { DoorTerms } from "./listen/door.js";
import type { CallMeter } from "./rpc/meter.js";
import { SessionServer } from "./rpc/server.js";
import type { LiveSettings } from "./rpc/server-settings.js";

/** Where a host is served, and to whom. */
export interface ServeOptions {
  /** The path of the socket that changes things, for its owner alone; its folder is made where it is missing. */
  readonly socket: string;
  /** The path of a socket that only looks, for every user of the machine. */
  readonly readOnlySocket?: string;
  /** How clients of the former prove who they are; by default its permissions are enough. */
  readonly login?: LoginMechanisms;
  /** Which of those who proved a name may come in; by default all of them. */
  mayEnter?(name: string): boolean;
  /** Decides on each permission and object; by default everything is allowed. */
  readonly policy?: AccessPolicy;
  /** Is told of each call and event. */
  readonly meter?: CallMeter;
  readonly log?: Log;
  /** How many clients there may be, and how much each may do at a time; by default as polyvisord's settings have it. */
  readonly limits?: Partial<LiveSettings>;
}

/** Unix permissions: the owner's, and everybody's. */
const OWNER = 0o700;
const EVERYBODY = 0o777;

/**
 * Makes a daemon of a host: starts its stateful drivers and serves every libvirt client at unix sockets. `close` of what it
 * answers with ends the sessions and removes the sockets; the host stays the caller's. Rejects with a
 * `StartError` where another daemon serves one of the sockets.
 */
export async function serve(host: Host, options: ServeOptions): Promise<SessionServer> {
  const log = options.log ?? silentLog;
  const server = new SessionServer(host, settingsOf(options), log, peerCredentials);
  const login = options.login === undefined ? {} : { login: await termsOf(options.login, options, log) };
  await host.start();
  try {
    await listen(server, options.socket, OWNER, { readOnly: false, ...login });
    if (options.readOnlySocket !== undefined)
      await listen(server, options.readOnlySocket, EVERYBODY, { readOnly: true });
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

function settingsOf({ limits, meter, policy }: ServeOptions): ConstructorParameters<typeof SessionServer>[1] {
  return {
    ...liveSettings(settingsSchema.parse({})),
    ...limits,
    ...(meter && { meter }),
    ...(policy && { policy }),
  };
}

async function termsOf(by: LoginMechanisms, { mayEnter }: ServeOptions, log: Log): Promise<LoginTerms> {
  const names = await by.mechanisms({}, ownContext(log));
  return { offers: names.map((mechanism) => ({ mechanism, by })), mayEnter: (name) => mayEnter?.(name) ?? true };
}

async function listen(server: SessionServer, path: string, mode: number, terms: DoorTerms): Promise<void> {
  await makeFolders(dirname(path));
  await clearStale(path);
  await server.listen({ path, mode, ...terms });
}
