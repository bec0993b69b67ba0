/**
 * The protocol of sanlock's socket, as `sanlock.h` describes its structures: a header of 32 bytes and what the command needs,
 * all of it little-endian. Strings are fixed fields that end with a zero byte.
 */

export const COMMAND = {
  REGISTER: 1,
  ADD_LOCKSPACE: 2,
  ACQUIRE: 7,
  RELEASE: 8,
  INQUIRE: 9,
  RESTRICT: 10,
  INQUIRE_LOCKSPACE: 16,
  KILLPATH: 17,
  WRITE_LOCKSPACE: 18,
  WRITE_RESOURCE: 19,
  READ_RESOURCE: 21,
  LIST_LOCKSPACES: 22,
} as const;

/** The most resources of one call, and lengths of fields, their end included. */
export const RESOURCES_MAX = 8;
export const NAME_BYTES = 48;
export const PATH_BYTES = 1024;
export const HELPER_BYTES = 128;

export const HEADER_BYTES = 32;
const MAGIC = 0x04282010;
const VERSION = 1;

const RESOURCE_BYTES = 128;
const DISK_BYTES = 1040;
const LOCKSPACE_BYTES = 1104;
const OPTIONS_BYTES = 56;

const RESOURCE_FLAG = { VERSION: 1, SHARED: 4 } as const;
const ACQUIRE_OWNER_NOWAIT = 8;
const INQUIRE_WAIT = 1;
const RESTRICT_ALL = 1;
const KILLPATH_WITH_PID = 1;

/** Where something is on a disk or in a file. */
export interface Place {
  readonly path: string;
  /** In bytes. */
  readonly offset: bigint;
}

export interface Lockspace {
  readonly name: string;
  readonly hostId: number;
  readonly place: Place;
}

export interface Resource {
  readonly lockspace: string;
  readonly name: string;
  readonly place: Place;
  readonly shared: boolean;
  /** How often the lease has changed hands; one that has another version is not given. */
  readonly version?: bigint;
}

interface Header {
  readonly command: number;
  readonly flags?: number;
  /** Of a reply: the result, negative where it failed. */
  readonly data?: number;
  readonly data2?: number;
}

export interface Reply {
  /** 0, or minus the number of an error: the system's, or sanlock's own from 200 on. */
  readonly result: number;
  /** How many items the body has. */
  readonly count: number;
  readonly body: Buffer;
}

/** Registers the process that sends it. There is no reply. */
export function registerFrame(): Buffer {
  return frame({ command: COMMAND.REGISTER });
}

/** From then on the connection's process may ask for nothing that concerns leases. */
export function restrictFrame(): Buffer {
  return frame({ command: COMMAND.RESTRICT, flags: RESTRICT_ALL, data2: -1 });
}

/** The program that is run when the process loses a lease, with `args` apart by blanks and its pid behind them. */
export function killpathFrame(path: string, args: readonly string[]): Buffer {
  const words = args.map((word) => word.replace(/[\\ ]/g, "\\$&")).join(" ");
  const body = [field(path, HELPER_BYTES), field(words, HELPER_BYTES)];
  return frame({ command: COMMAND.KILLPATH, flags: KILLPATH_WITH_PID, data2: -1 }, body);
}

/** At most `RESOURCES_MAX`, all or none. `pid` is the process that gets them, or `self`. */
export function acquireFrame(resources: readonly Resource[], pid: number | "self", ownerName: string): Buffer {
  const options = Buffer.alloc(OPTIONS_BYTES);
  putText(options, 0, ownerName, NAME_BYTES);
  const body = resources.flatMap((each) => [resourceBytes(each), diskBytes(each.place)]);
  const header = { command: COMMAND.ACQUIRE, flags: ACQUIRE_OWNER_NOWAIT, data: resources.length, data2: pidOf(pid) };
  return frame(header, [...body, options]);
}

export function releaseFrame(resources: readonly Resource[], pid: number): Buffer {
  return frame({ command: COMMAND.RELEASE, data: resources.length, data2: pid }, resources.map(resourceBytes));
}

/** What a process holds. The body of the reply is a text: see `parseState`. */
export function inquireFrame(pid: number): Buffer {
  return frame({ command: COMMAND.INQUIRE, data2: pid });
}

/** `ioTimeout` in seconds, 0 for the daemon's own. */
export function addLockspaceFrame(lockspace: Lockspace, ioTimeout: number): Buffer {
  return frame({ command: COMMAND.ADD_LOCKSPACE, data: ioTimeout }, [lockspaceBytes(lockspace)]);
}

/** With `wait` the reply comes once the lockspace has been added, or could not be. */
export function inquireLockspaceFrame(lockspace: Lockspace, wait = false): Buffer {
  const header = { command: COMMAND.INQUIRE_LOCKSPACE, flags: wait ? INQUIRE_WAIT : 0 };
  return frame(header, [lockspaceBytes(lockspace)]);
}

export function listLockspacesFrame(): Buffer {
  return frame({ command: COMMAND.LIST_LOCKSPACES });
}

/** Formats the place of a lockspace. */
export function writeLockspaceFrame(lockspace: Lockspace, ioTimeout: number): Buffer {
  return frame({ command: COMMAND.WRITE_LOCKSPACE, data2: ioTimeout }, [lockspaceBytes(lockspace)]);
}

/** Formats the place of a lease. */
export function writeResourceFrame(resource: Resource): Buffer {
  return frame({ command: COMMAND.WRITE_RESOURCE }, [resourceBytes(resource), diskBytes(resource.place)]);
}

/** Asks what lease is at a place. The body of the reply is a resource. */
export function readResourceFrame(resource: Resource): Buffer {
  return frame({ command: COMMAND.READ_RESOURCE }, [resourceBytes(resource), diskBytes(resource.place)]);
}

/** The bytes that a message has, by its header; `undefined` where this is none of sanlock's. */
export function messageBytes(header: Buffer): number | undefined {
  if (header.readUInt32LE(0) !== MAGIC) return undefined;
  const length = header.readUInt32LE(16);
  return length < HEADER_BYTES ? undefined : length;
}

export function parseReply(message: Buffer): Reply {
  return {
    result: message.readInt32LE(24),
    count: message.readInt32LE(28),
    body: message.subarray(HEADER_BYTES),
  };
}

/** The version of the lease that `READ_RESOURCE` found. */
export function versionIn({ body }: Reply): bigint {
  return body.length < RESOURCE_BYTES ? 0n : body.readBigUInt64LE(96);
}

export function lockspacesIn({ body, count }: Reply): Lockspace[] {
  const all: Lockspace[] = [];
  for (let index = 0; index < count && (index + 1) * LOCKSPACE_BYTES <= body.length; index++) {
    const bytes = body.subarray(index * LOCKSPACE_BYTES);
    const place = { path: getText(bytes, 64, PATH_BYTES), offset: bytes.readBigUInt64LE(64 + PATH_BYTES) };
    all.push({ name: getText(bytes, 0, NAME_BYTES), hostId: Number(bytes.readBigUInt64LE(48)), place });
  }
  return all;
}

function frame({ command, flags = 0, data = 0, data2 = 0 }: Header, body: readonly Buffer[] = []): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const length = body.reduce((sum, part) => sum + part.length, HEADER_BYTES);
  for (const [index, value] of [MAGIC, VERSION, command, flags, length, 0].entries())
    header.writeUInt32LE(value, index * 4);
  header.writeInt32LE(data, 24);
  header.writeInt32LE(data2, 28);
  return Buffer.concat([header, ...body]);
}

function pidOf(pid: number | "self"): number {
  return pid === "self" ? -1 : pid;
}

function resourceBytes({ lockspace, name, shared, version }: Resource): Buffer {
  const bytes = Buffer.alloc(RESOURCE_BYTES);
  putText(bytes, 0, lockspace, NAME_BYTES);
  putText(bytes, NAME_BYTES, name, NAME_BYTES);
  bytes.writeBigUInt64LE(version ?? 0n, 96);
  bytes.writeUInt32LE((shared ? RESOURCE_FLAG.SHARED : 0) | (version === undefined ? 0 : RESOURCE_FLAG.VERSION), 120);
  bytes.writeUInt32LE(1, 124);
  return bytes;
}

function diskBytes({ path, offset }: Place): Buffer {
  const bytes = Buffer.alloc(DISK_BYTES);
  putText(bytes, 0, path, PATH_BYTES);
  bytes.writeBigUInt64LE(offset, PATH_BYTES);
  return bytes;
}

function lockspaceBytes({ name, hostId, place }: Lockspace): Buffer {
  const bytes = Buffer.alloc(LOCKSPACE_BYTES);
  putText(bytes, 0, name, NAME_BYTES);
  bytes.writeBigUInt64LE(BigInt(hostId), 48);
  diskBytes(place).copy(bytes, 64);
  return bytes;
}

function field(text: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  putText(bytes, 0, text, length);
  return bytes;
}

/** What does not fit is cut: whoever names something that must be whole has looked before. */
function putText(bytes: Buffer, at: number, text: string, length: number): void {
  bytes.write(text, at, length - 1);
}

function getText(bytes: Buffer, at: number, length: number): string {
  const text = bytes.subarray(at, at + length);
  const end = text.indexOf(0);
  return text.toString("utf8", 0, end < 0 ? length : end);
}
