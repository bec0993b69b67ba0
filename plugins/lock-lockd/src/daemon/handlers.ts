import type { lockProgram } from "@polyvisor/core";
import type { HelperClient, HelperHandlers } from "@polyvisor/sdk/helper-daemon";
import { notRegistered, restricted, unsupportedFlags } from "./errors.js";
import { LOCK_FLAG, type LockTable } from "./lock-table.js";
import type { Holder } from "./record.js";

/** Who holds the locks of a connection. */
interface RegisteredOwner {
  readonly uuid: string;
  readonly name: string;
  readonly id: number;
  readonly pid: number;
  /** `null` where there is no such process. */
  readonly startTime: string | null;
}

/** What is known of a connection. */
export interface LockClientState {
  readonly owner: RegisteredOwner | null;
  readonly restricted: boolean;
}

export const NEW_CLIENT: LockClientState = { owner: null, restricted: false };

type Client = HelperClient<LockClientState>;

/**
 * The rules of libvirt's lock protocol: an owner registers before anything else but the making of a lockspace, and after
 * `restrict` nothing is allowed any more. Flags are looked at first of all.
 */
export function lockHandlers(table: LockTable): HelperHandlers<typeof lockProgram.calls, LockClientState> {
  return {
    register: ({ owner, flags }, client) => {
      requireFlags(flags, 0, "Register");
      if (client.state.restricted) throw restricted();
      if (owner.id === 0) throw notRegistered();
      client.state = { ...client.state, owner: { ...owner, startTime: table.owners.startTimeOf(owner.pid) } };
    },
    restrict: ({ flags }, client) => {
      requireFlags(flags, 0, "Restrict");
      requireOwner(client);
      client.state = { ...client.state, restricted: true };
    },
    new: ({ path, flags }, client) => {
      requireFlags(flags, 0, "New");
      requireOwner(client);
      return table.createSpace(path, true);
    },
    createLockspace: ({ path }, client) => {
      if (client.state.restricted) throw restricted();
      return table.createSpace(path, false);
    },
    createResource: ({ path, name, flags }, client) => {
      requireFlags(flags, 0, "CreateResource");
      requireOwner(client);
      return table.createResource({ space: path, name, flags });
    },
    deleteResource: ({ path, name, flags }, client) => {
      requireFlags(flags, 0, "DeleteResource");
      requireOwner(client);
      return table.deleteResource({ space: path, name, flags });
    },
    acquireResource: ({ path, name, flags }, client) => {
      requireFlags(flags, LOCK_FLAG.SHARED | LOCK_FLAG.AUTOCREATE | LOCK_FLAG.METADATA, "AcquireResource");
      const holder = holderOf(requireOwner(client), client, flags);
      return table.acquire({ space: path, name, flags }, holder, () => isGone(holder, client));
    },
    releaseResource: ({ path, name, flags }, client) => {
      requireFlags(flags, LOCK_FLAG.METADATA, "ReleaseResource");
      const { pid } = requireOwner(client);
      return table.release({ space: path, name, flags }, pid);
    },
  };
}

/**
 * A connection has ended. What is its own goes. Where the owner itself had connected, it has ended, which
 * its end tells; or it lives and has closed what it must keep open: then it must not go on writing, and its locks stay
 * until it has ended.
 */
export function clientClosed(table: LockTable, { id, state, credentials, log }: Client): void {
  table.freeOfConnection(id);
  const { owner } = state;
  if (owner === null || owner.startTime === null || owner.pid !== credentials.pid) return;
  if (!table.holds(owner.pid, owner.startTime)) return;
  table.owners.end(owner.pid, owner.startTime, () =>
    log.warn({ owner: owner.name }, "the owner of locks has closed its connection and lives: it is ended"),
  );
}

/** Whoever asked for a lock has left: a process that is the owner keeps it, since that may live and others may ask for it. */
function isGone({ startTime }: Holder, { signal }: Client): boolean {
  return startTime === null && signal.aborted;
}

/** What is known of a file changes for a moment only: such a lock never outlives the connection, nor costs anybody's life. */
function holderOf({ pid, startTime }: RegisteredOwner, { id }: Client, flags: number): Holder {
  const isOfProcess = startTime !== null && (flags & LOCK_FLAG.METADATA) === 0;
  return isOfProcess ? { pid, startTime, connection: null } : { pid, startTime: null, connection: id };
}

function requireFlags(flags: number, known: number, call: string): void {
  const unknown = (flags & ~known) >>> 0;
  if (unknown !== 0) throw unsupportedFlags(unknown, call);
}

function requireOwner({ state }: Client): RegisteredOwner {
  if (state.restricted) throw restricted();
  if (state.owner === null) throw notRegistered();
  return state.owner;
}
