import {
  type CallContext,
  CLIENT_TRANSPORT,
  closeAll,
  type Descriptor,
  type MaybePromise,
  VirtError,
  whileOpen,
} from "@polyvisor/core";
import { perform } from "./dispatch.js";
import type { Session } from "./session.js";
import type { Args, Entry } from "./table.js";

/** What most messages bring. */
export const NO_DESCRIPTORS: readonly Descriptor[] = [];

/** Puts the descriptors that came with a call among its arguments. Those of a call that takes none are closed. */
export function takeAlong(entry: Entry, args: Args, descriptors: readonly Descriptor[]): Args {
  if (entry.call.descriptors === "taken") args.descriptors = descriptors;
  else if (descriptors.length > 0) closeAll(descriptors);
  return args;
}

/** Closes the descriptors of a call that is never carried out. */
export function dropDescriptors(entry: Entry, args: Args): void {
  if (entry.call.descriptors === "taken") closeAll(descriptorsOf(args));
}

/** Carries out a call that takes or gives descriptors. */
export function performWithDescriptors(
  entry: Entry,
  session: Session,
  args: Args,
  context: CallContext,
): MaybePromise<unknown> {
  if (entry.call.descriptors === "taken")
    return whileOpen(descriptorsOf(args), () => perform(entry, session, args, context));
  if (session.client.transport !== CLIENT_TRANSPORT.UNIX)
    throw new VirtError("ARGUMENT_UNSUPPORTED", "fd passing is not supported by this connection", {
      domain: "NONE",
      hint: "connect through the daemon's unix socket",
    });
  return perform(entry, session, args, context);
}

function descriptorsOf(args: Args): readonly Descriptor[] {
  return args.descriptors as readonly Descriptor[];
}
