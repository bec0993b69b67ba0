import {
  type Call,
  type CallContext,
  checkReadOnly,
  declaredCalls,
  type HypervisorApi,
  handlerOf,
  hypervisorApi,
  LIB_VERSION,
  type MaybePromise,
} from "@polyvisor/core";
import { forwardedIdentity } from "../auth/forwarded.js";
import { AUTH, type Login, type LoginAnswer } from "../auth/login.js";
import { noLogin, notOpen } from "./errors.js";
import { recordOf, requireOperator } from "./plugin-calls.js";
import type { Session } from "./session.js";

export type SessionCallName = {
  [K in keyof HypervisorApi]: HypervisorApi[K] extends { readonly by: "session" } ? K : never;
}[keyof HypervisorApi];

type ArgsOf<K extends keyof HypervisorApi> = HypervisorApi[K] extends Call<infer Args> ? Args : never;
type RetOf<K extends keyof HypervisorApi> = HypervisorApi[K] extends Call<infer _Args, infer Ret> ? Ret : never;

type SessionCalls = {
  readonly [K in SessionCallName]: (session: Session, args: ArgsOf<K>, context: CallContext) => MaybePromise<RetOf<K>>;
};

/** Features that a client may ask for (`VIR_DRV_FEATURE_*`). */
const FEATURE = {
  FD_PASSING: 8,
  TYPED_PARAM_STRING: 9,
  KEEPALIVE: 10,
  EVENT_CALLBACK: 14,
  CLOSE_CALLBACK: 15,
  NETWORK_UPDATE_ORDER: 16,
  MIGRATION_V1: 1,
  MIGRATION_V3: 6,
  MIGRATION_PARAMS: 13,
} as const;

const OPEN_READ_ONLY = 1;

/** Calls about the connection between client and daemon: no driver hears of them. */
export const sessionCalls: SessionCalls = {
  authList: ({ login }) => login?.offer() ?? [AUTH.none],

  authSaslInit: ({ login }, _args, context) => loginOf(login).saslInit(context),
  authSaslStart: async ({ login }, { mech, nil, data }, context) =>
    saslReply(await loginOf(login).saslStart(mech, nil !== 0 ? undefined : data, context)),
  authSaslStep: async ({ login }, { nil, data }, context) =>
    saslReply(await loginOf(login).saslStep(nil !== 0 ? undefined : data, context)),
  async authPolkit({ login }, _args, context) {
    await loginOf(login).polkit(context);
    return 1;
  },

  /** Whether the client may is what the access policy says of `connect:write`. */
  connectSetIdentity(session, { params }) {
    if (session.client.isHost) {
      session.client.standFor(forwardedIdentity(params));
      return;
    }
    requireOpen(session);
    requireWritable(session, "connectSetIdentity");
    session.client.speakFor(forwardedIdentity(params));
  },

  connectOpen: (session, { name, flags }, context) => session.open(name ?? "", (flags & OPEN_READ_ONLY) !== 0, context),

  connectClose: (session) => session.closeAfterReply(),

  connectSupportsFeature(session, { feature }) {
    if (feature === FEATURE.KEEPALIVE) {
      session.startKeepalive();
      return 1;
    }
    requireOpen(session);
    if (feature === FEATURE.FD_PASSING) return session.offerDescriptors() ? 1 : 0;
    if (feature === FEATURE.MIGRATION_V1)
      return handlerOf(session.connection, "domainMigratePerform") === undefined ? 0 : 1;
    if (feature === FEATURE.MIGRATION_V3 || feature === FEATURE.MIGRATION_PARAMS)
      return handlerOf(session.connection, "domainMigratePerform3Params") === undefined ? 0 : 1;
    return feature === FEATURE.TYPED_PARAM_STRING ||
      feature === FEATURE.EVENT_CALLBACK ||
      feature === FEATURE.CLOSE_CALLBACK ||
      feature === FEATURE.NETWORK_UPDATE_ORDER
      ? 1
      : 0;
  },

  connectGetURI: (session) => session.connection.uri,

  connectGetLibVersion(session) {
    requireOpen(session);
    return LIB_VERSION;
  },

  /** The way from the client to here is what the client judges itself; where it goes on from here, the driver knows. */
  connectIsSecure(session, _args, context) {
    requireOpen(session);
    const ask = handlerOf(session.connection, "connectIsSecure");
    return ask === undefined ? true : (ask({}, context) as MaybePromise<boolean>);
  },

  /** A driver that forwards calls asks at the other end. */
  connectListDriverCalls(session, _args, context) {
    requireOpen(session);
    const ask = handlerOf(session.connection, "connectListDriverCalls");
    return ask === undefined ? declaredCalls(session.connection) : (ask({}, context) as Promise<string[]>);
  },

  connectListAllPlugins(session) {
    requireOpen(session);
    return session.host.plugins().map(recordOf);
  },
  async connectEnablePlugin(session, { name }) {
    requireOperation(session, "connectEnablePlugin");
    session.log.warn({ plugin: name }, "a plugin is enabled");
    await session.host.operate.enable(name);
  },
  async connectDisablePlugin(session, { name }) {
    requireOperation(session, "connectDisablePlugin");
    session.log.warn({ plugin: name }, "a plugin is disabled");
    await session.host.operate.disable(name);
  },
  async connectReplacePlugin(session, { name, folder }) {
    requireOperation(session, "connectReplacePlugin");
    session.log.warn({ plugin: name, folder }, "a plugin is replaced");
    await session.host.operate.replace(name, folder ?? undefined);
  },

  connectRegisterCloseCallback(session) {
    requireOpen(session);
    session.events.wantsLoss = true;
  },

  connectUnregisterCloseCallback(session) {
    requireOpen(session);
    session.events.wantsLoss = false;
  },

  connectDomainQemuMonitorEventRegister(session, args) {
    requireOpen(session);
    requireWritable(session, "connectDomainQemuMonitorEventRegister");
    return session.monitorEvents.register(args);
  },
  connectDomainQemuMonitorEventDeregister(session, { callbackID }) {
    requireOpen(session);
    requireWritable(session, "connectDomainQemuMonitorEventDeregister");
    return session.monitorEvents.deregister(callbackID);
  },

  async connectDomainEventRegister(session) {
    requireOpen(session);
    await session.events.registerLegacy(0);
    return 0;
  },

  async connectDomainEventDeregister(session) {
    requireOpen(session);
    await session.events.deregisterLegacy(0);
    return 0;
  },

  async connectDomainEventRegisterAny(session, { eventID }) {
    requireOpen(session);
    await session.events.registerLegacy(eventID);
  },

  connectDomainEventDeregisterAny(session, { eventID }) {
    requireOpen(session);
    return session.events.deregisterLegacy(eventID);
  },

  connectDomainEventCallbackRegisterAny(session, { eventID, dom }) {
    requireOpen(session);
    return session.events.register(eventID, dom ?? undefined);
  },

  connectDomainEventCallbackDeregisterAny(session, { callbackID }) {
    requireOpen(session);
    return session.events.deregister(callbackID);
  },

  connectNetworkEventRegisterAny(session, { eventID, net }) {
    requireOpen(session);
    return session.objectEvents.register("network", eventID, net ?? undefined);
  },
  connectNetworkEventDeregisterAny(session, { callbackID }) {
    requireOpen(session);
    return session.objectEvents.deregister("network", callbackID);
  },
  connectStoragePoolEventRegisterAny(session, { eventID, pool }) {
    requireOpen(session);
    return session.objectEvents.register("storagePool", eventID, pool ?? undefined);
  },
  connectStoragePoolEventDeregisterAny(session, { callbackID }) {
    requireOpen(session);
    return session.objectEvents.deregister("storagePool", callbackID);
  },
  connectNodeDeviceEventRegisterAny(session, { eventID, dev }) {
    requireOpen(session);
    return session.objectEvents.register("nodeDevice", eventID, dev ?? undefined);
  },
  connectNodeDeviceEventDeregisterAny(session, { callbackID }) {
    requireOpen(session);
    return session.objectEvents.deregister("nodeDevice", callbackID);
  },
  connectSecretEventRegisterAny(session, { eventID, secret }) {
    requireOpen(session);
    return session.objectEvents.register("secret", eventID, secret ?? undefined);
  },
  connectSecretEventDeregisterAny(session, { callbackID }) {
    requireOpen(session);
    return session.objectEvents.deregister("secret", callbackID);
  },
};

const LOGIN_CALLS: ReadonlySet<string> = new Set([
  "authList",
  "authSaslInit",
  "authSaslStart",
  "authSaslStep",
  "authPolkit",
] satisfies SessionCallName[]);

/** Whether a client may call this before it has proved who it is. */
export function isLoginCall(name: string): boolean {
  return LOGIN_CALLS.has(name);
}

function loginOf(login: Login | undefined): Login {
  if (login === undefined) throw noLogin();
  return login;
}

function saslReply({ words, done }: LoginAnswer) {
  return { complete: done ? 1 : 0, nil: 0, data: words };
}

function requireWritable(session: Session, name: SessionCallName): void {
  if (session.readOnly) checkReadOnly(name, hypervisorApi[name], {});
}

/** Whether the access policy lets it, has been asked before. */
function requireOperation(session: Session, name: SessionCallName): void {
  requireOpen(session);
  requireWritable(session, name);
  requireOperator(session);
}

function requireOpen(session: Session): void {
  if (!session.isOpen) throw notOpen();
}
