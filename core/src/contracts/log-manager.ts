import { call, defineApi, type HandlersOf } from "../api/define.js";
import { uuid } from "../api/uuid.js";
import { string, struct, u32, u64 } from "../xdr/index.js";

const path = string(4194304);
const guest = struct({ uuid, name: path });

/** Where a log file stands: which file (it may have been rolled over) and how far in bytes. */
export const logPosition = struct({ inode: u64, offset: u64 });

/** Contract `log.v1`: keeps a guest's output, across the life of the daemon, and rolls files over. */
export const logApi = defineApi({
  /** A descriptor that the guest writes to; `truncate` empties the file first. */
  openLogFile: call(1, { driver: path, guest, path, truncate: u32 }, {}, { acl: ["none"], descriptors: "given" }),
  /** The position after everything that the guest wrote before this call. */
  getLogFilePosition: call(2, { path }, { position: logPosition }, { acl: ["none"], shape: { returns: "position" } }),
  /**
   * What the file holds from a position on, `maxBytes` at most; empty at the end. Where the file was rolled over since, the
   * position still means the one that it was got of.
   */
  readLogFile: call(
    3,
    { path, position: logPosition, maxBytes: u64 },
    { data: path },
    { acl: ["none"], shape: { returns: "data" } },
  ),
  /** Puts a line of the driver's own into a guest's log: before it starts, and once it has ended. */
  appendLogFile: call(4, { driver: path, guest, path, message: path }, {}, { acl: ["none"] }),
});

export interface LogManager extends HandlersOf<typeof logApi> {}
