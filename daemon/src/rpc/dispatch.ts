import {
  type CallContext,
  checkReadOnly,
  type Domain,
  type HypervisorConnection,
  type MaybePromise,
  notSupported,
  xdr,
} from "@polyvisor/core";
import type { Frame } from "@polyvisor/sdk/rpc";
import { rpcError } from "./errors.js";
import { authorize, type Policy } from "./policy.js";
import type { Session } from "./session.js";
import type { Args, DispatchTable, Entry } from "./table.js";

type Handler = (this: HypervisorConnection, args: Args, context: CallContext) => MaybePromise<unknown>;

/** One reader for all connections: decoding never waits. */
const reader = new xdr.XdrReader(Buffer.alloc(0));

/** The call that a message asks for. Throws where its program has none with that number. */
export function entryOf(table: DispatchTable, frame: Frame): Entry {
  const entry = table.entries[frame.procedure];
  if (entry === undefined) throw rpcError(`unknown procedure: ${frame.procedure}`);
  return entry;
}

/** The arguments in a message. Throws where they are not those of the call. */
export function argsOf(entry: Entry, frame: Frame): Args {
  try {
    return entry.call.args.decode(reader.reset(frame.buffer, frame.body, frame.end));
  } catch (error) {
    if (error instanceof xdr.XdrError) throw rpcError("Unable to decode message payload");
    throw error;
  }
}

/** Carries a call out. Only what a driver or a policy answers late makes a promise of it. */
export function perform(entry: Entry, session: Session, args: Args, context: CallContext): MaybePromise<unknown> {
  if (entry.answer !== undefined) return entry.answer(session, args, context);
  const connection = session.connection;
  if (session.readOnly) checkReadOnly(entry.name, entry.call, args);
  const { domainField } = entry;
  if (domainField !== undefined) {
    const found = connection.resolveDomain(args[domainField] as Domain);
    if (found instanceof Promise) return performLate(entry, session, args, context, found);
    args[domainField] = found;
  }
  if (session.policy !== undefined) return performLate(entry, session, args, context, undefined);
  return invoke(entry, connection, args, context);
}

async function performLate(
  entry: Entry,
  session: Session,
  args: Args,
  context: CallContext,
  resolving: Promise<Domain> | undefined,
): Promise<unknown> {
  const { domainField } = entry;
  if (domainField !== undefined && resolving !== undefined) args[domainField] = await resolving;
  if (session.policy !== undefined) await authorizeCall(session.policy, entry, session, args);
  return invoke(entry, session.connection, args, context);
}

function authorizeCall(policy: Policy, entry: Entry, session: Session, args: Args): Promise<void> {
  const about = entry.domainField === undefined ? undefined : (args[entry.domainField] as Domain);
  return authorize(policy, { identity: session.identity, call: entry.name, domain: about }, entry.call, args);
}

function invoke(
  entry: Entry,
  connection: HypervisorConnection,
  args: Args,
  context: CallContext,
): MaybePromise<unknown> {
  const handler = (connection as unknown as Record<string, Handler | undefined>)[entry.name];
  if (handler === undefined) throw notSupported(entry.name);
  return handler.call(connection, args, context);
}
