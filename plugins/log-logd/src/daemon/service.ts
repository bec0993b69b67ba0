import { call, checkFlags, logProgram, VirtError, xdr } from "@polyvisor/core";
import type { HelperHandlers } from "@polyvisor/sdk/helper-daemon";
import type { Logs } from "./logs.js";

/** The most that one answer carries, in bytes. */
const READ_BYTES_MAX = 4_194_304;
const OPEN_TRUNCATE = 1;

const { domainReadLogFile, ...others } = logProgram.calls;
const position = xdr.struct({ inode: xdr.u64, offset: xdr.u64 });

/** libvirt's calls of a log daemon. What guests have written are bytes, text or not, and leave as they are. */
const calls = {
  ...others,
  domainReadLogFile: call(
    domainReadLogFile.number,
    { path: xdr.string(READ_BYTES_MAX), pos: position, maxlen: xdr.u64, flags: xdr.u32 },
    { data: xdr.opaque(READ_BYTES_MAX) },
    { acl: ["none"], shape: { returns: "data" } },
  ),
};

export const LOG_DAEMON_PROGRAM = { ...logProgram, calls };

type LogDaemonHandlers = HelperHandlers<typeof calls, undefined>;

/** The calls as libvirt's daemon answers them, its errors and their order included. */
export function logDaemonHandlers(logs: Logs): LogDaemonHandlers {
  return {
    async domainOpenLogFile({ driver, dom, path, flags }) {
      const { position, writer } = await logs.open(
        { path, driver, guest: { uuid: dom.uuid, name: dom.name } },
        (flags & OPEN_TRUNCATE) !== 0,
      );
      return { pos: position, descriptor: writer };
    },
    domainGetLogFilePosition({ path, flags }) {
      checkFlags(flags, 0, "virLogHandlerDomainGetLogFilePosition", "LOGGING");
      return logs.position(path);
    },
    domainReadLogFile({ path, pos, maxlen, flags }) {
      if (maxlen > READ_BYTES_MAX) {
        throw new VirtError("INTERNAL_ERROR", `Requested data len ${maxlen} is larger than maximum ${READ_BYTES_MAX}`, {
          domain: "RPC",
        });
      }
      checkFlags(flags, 0, "virLogHandlerDomainReadLogFile", "LOGGING");
      return logs.read(path, pos, Number(maxlen));
    },
    async domainAppendLogFile({ path, message, flags }) {
      checkFlags(flags, 0, "virLogHandlerDomainAppendLogFile", "LOGGING");
      await logs.append(path, message);
      return 0;
    },
  };
}
