import { array, i32, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { domain, typedParam } from "./types.js";

/** Long-running jobs of a domain. */
export const domainJobApi = defineApi({
  domainGetJobInfo: call(
    163,
    { dom: domain },
    {
      type: i32,
      timeElapsed: u64,
      timeRemaining: u64,
      dataTotal: u64,
      dataProcessed: u64,
      dataRemaining: u64,
      memTotal: u64,
      memProcessed: u64,
      memRemaining: u64,
      fileTotal: u64,
      fileProcessed: u64,
      fileRemaining: u64,
    },
    { acl: ["domain:read"] },
  ),
  domainAbortJob: call(164, { dom: domain }, {}, { acl: ["domain:write"] }),
  domainGetJobStats: call(
    298,
    { dom: domain, flags: u32 },
    { type: i32, params: array(typedParam, LIMITS.domainJobStats) },
    { acl: ["domain:read"] },
  ),
  domainStartDirtyRateCalc: call(427, { dom: domain, seconds: i32, flags: u32 }, {}, { acl: ["domain:write"] }),
  domainAbortJobFlags: call(442, { dom: domain, flags: u32 }, {}, { acl: ["domain:write"] }),
});

export interface DomainJobHandlers extends HandlersOf<typeof domainJobApi> {}
