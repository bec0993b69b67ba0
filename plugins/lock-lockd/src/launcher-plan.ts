import { type Call, ERRORS, type LockOwner, lockProgram, xdr } from "@polyvisor/core";
import { frameBytes, MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import { LEASE_FLAG, type Lease } from "./leases.js";

/** What a guest's process is told: whole messages in base64, so that it needs no codec of its own. */
export interface LauncherPlan {
  readonly socket: string;
  readonly register: string;
  /** Where its pid belongs in `register`, four bytes long. */
  readonly pidAt: number;
  readonly acquires: readonly string[];
  /** What takes each of them back. */
  readonly releases: readonly string[];
  readonly restrict: string;
  /** The names of errors, by libvirt's numbers. */
  readonly codes: Readonly<Record<number, string>>;
}

/** Errors of a lock daemon that clients tell apart. */
const CODES = ["INTERNAL_ERROR", "SYSTEM_ERROR", "OPERATION_DENIED", "OPERATION_INVALID", "RESOURCE_BUSY"] as const;

export function planFor(socket: string, { uuid, name, id }: LockOwner, leases: readonly Lease[]): LauncherPlan {
  const { register, restrict, acquireResource, releaseResource } = lockProgram.calls;
  const first = message(register, { owner: { uuid, name, id, pid: 0 }, flags: 0 });
  return {
    socket,
    register: first.toString("base64"),
    // The pid is the last field of the owner, and the flags follow it.
    pidAt: first.length - 8,
    acquires: leases.map((lease) => message(acquireResource, lease).toString("base64")),
    releases: leases.map((lease) => message(releaseResource, released(lease)).toString("base64")),
    restrict: message(restrict, { flags: 0 }).toString("base64"),
    codes: Object.fromEntries(CODES.map((code) => [ERRORS[code].code, code])),
  };
}

/** A release says neither how the lease was taken nor that it may be made. */
export function released({ path, name, flags }: Lease): Lease {
  return { path, name, flags: flags & ~(LEASE_FLAG.SHARED | LEASE_FLAG.AUTOCREATE) };
}

/** A whole call. Its serial is of no matter to who makes one call after the other. */
function message<Args>({ number: procedure, args }: Call<unknown, unknown, Args, unknown>, values: Args): Buffer {
  const writer = new xdr.XdrWriter();
  args.encode(writer, values as never);
  const { number: program, version } = lockProgram;
  const header = { program, version, procedure, type: MESSAGE_TYPE.CALL, serial: 0, status: MESSAGE_STATUS.OK };
  return frameBytes(header, writer.take());
}
