import { i32, named, struct, u32, u64 } from "../xdr/index.js";
import { call, defineApi } from "./define.js";
import { text } from "./types.js";
import { uuid } from "./uuid.js";

/** The domain that a log is about. */
export interface LoggedDomain {
  readonly uuid: string;
  readonly name: string;
}
const loggedDomain = named<LoggedDomain, LoggedDomain>(struct({ uuid, name: text }));

/** A place in a log, which stays what it is when the file is rolled over. */
export interface LogPosition {
  readonly inode: bigint | number;
  readonly offset: bigint | number;
}
const position = named<LogPosition, LogPosition>(struct({ inode: u64, offset: u64 }));

const OPEN_TO_ALL = { acl: ["none"] } as const;

/** Calls of a log daemon, which holds the far ends of the pipes that guests write to. */
export const logDaemonApi = defineApi({
  /** The reply brings the pipe's near end as a descriptor. */
  domainOpenLogFile: call(
    1,
    { driver: text, dom: loggedDomain, path: text, flags: u32 },
    { pos: position },
    { ...OPEN_TO_ALL, descriptors: "given" },
  ),
  /** Where the log ends, with all that has been written until now. */
  domainGetLogFilePosition: call(
    2,
    { path: text, flags: u32 },
    { pos: position },
    { ...OPEN_TO_ALL, shape: { returns: "pos" } },
  ),
  /** At most `maxlen` bytes from a place on. */
  domainReadLogFile: call(
    3,
    { path: text, pos: position, maxlen: u64, flags: u32 },
    { data: text },
    { ...OPEN_TO_ALL, shape: { returns: "data" } },
  ),
  domainAppendLogFile: call(
    4,
    { driver: text, dom: loggedDomain, path: text, message: text, flags: u32 },
    { ret: i32 },
    { ...OPEN_TO_ALL, shape: { returns: "ret" } },
  ),
});
