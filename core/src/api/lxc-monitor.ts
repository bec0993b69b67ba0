import { i32, u64 } from "../xdr/index.js";
import { defineMessages, message } from "./define.js";

/** How a container ended. */
export const LXC_EXIT_STATUS = { ERROR: 0, SHUTDOWN: 1, REBOOT: 2 } as const;

/** What the process beside a container tells its driver. */
export const lxcMonitorMessages = defineMessages({
  /** `status` is one of `LXC_EXIT_STATUS`. */
  exitEvent: message(1, { status: i32 }),
  /** The container's first process, by its number on the host. */
  initEvent: message(2, { initpid: u64 }),
});
