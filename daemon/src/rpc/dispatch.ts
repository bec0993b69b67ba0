import {
  type AccessPolicy,
  type CallContext,
  checkReadOnly,
  type Domain,
  type HypervisorCallName,
  type HypervisorConnection,
  type MaybePromise,
  notSupported,
  xdr,
} from "@polyvisor/core";
import type { Frame } from "@polyvisor/sdk/rpc/wire";
import { Asker } from "../access/asker.js";
import { authorize, authorizeFound } from "../access/authorize.js";
import { filtered } from "../access/filter.js";
import { whenThere } from "../access/maybe.js";
import { rpcError } from "./errors.js";
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
  if (session.policy !== undefined) return performChecked(entry, session, session.policy, args, context);
  if (entry.answer !== undefined) return entry.answer(session, args, context);
  const connection = session.connection;
  if (session.readOnly) checkReadOnly(entry.name, entry.call, args);
  handlerFor(entry.name, connection);
  return invokeOnDomain(entry, connection, args, context);
}

/** Invokes a call with the domain that it names as the driver knows it. */
function invokeOnDomain(
  { name, domainField }: Entry,
  connection: HypervisorConnection,
  args: Args,
  context: CallContext,
): MaybePromise<unknown> {
  if (domainField === undefined) return invoke(name, connection, args, context);
  return whenThere(connection.resolveDomain(args[domainField] as Domain), (found) => {
    args[domainField] = found;
    return invoke(name, connection, args, context);
  });
}

/** With a policy: what the client may not do is refused, and what it may not know of is left out of lists. */
function performChecked(
  entry: Entry,
  session: Session,
  policy: AccessPolicy,
  args: Args,
  context: CallContext,
): MaybePromise<unknown> {
  const { name, call } = entry;
  // Before a URI is open there is no driver to have permissions on.
  if (entry.answer !== undefined && !session.isOpen) return openChecked(entry, session, policy, args, context);
  const { connection } = session;
  if (session.readOnly && entry.answer === undefined) checkReadOnly(name, call, args);
  if (entry.answer === undefined) handlerFor(name, connection);
  const asker = new Asker(policy, connection, context);
  const { finds } = entry;
  if (finds !== undefined)
    return whenThere(invokeOnDomain(entry, connection, args, context), (found) =>
      whenThere(authorizeFound(asker, name, call, finds, found), () => found),
    );
  return whenThere(authorize(asker, name, call, args), () => {
    if (entry.answer !== undefined) return entry.answer(session, args, context);
    if (call.aclFilter === undefined) return invoke(name, connection, args, context);
    return filtered(asker, name, args, context, (other, values) => invoke(other, connection, values, context));
  });
}

async function openChecked(
  entry: Entry,
  session: Session,
  policy: AccessPolicy,
  args: Args,
  context: CallContext,
): Promise<unknown> {
  const result = await entry.answer?.(session, args, context);
  if (!session.isOpen) return result;
  try {
    await authorize(new Asker(policy, session.connection, context), entry.name, entry.call, args);
  } catch (error) {
    await session.closeDriver();
    throw error;
  }
  return result;
}

function invoke(
  name: HypervisorCallName,
  connection: HypervisorConnection,
  args: Args,
  context: CallContext,
): MaybePromise<unknown> {
  return handlerFor(name, connection).call(connection, args, context);
}

/** Throws where the driver lacks the call: whatever the client asks it about, there is nothing to look for then. */
function handlerFor(name: HypervisorCallName, connection: HypervisorConnection): Handler {
  const handler = (connection as unknown as Record<string, Handler | undefined>)[name];
  if (handler === undefined) throw notSupported(name);
  return handler;
}
