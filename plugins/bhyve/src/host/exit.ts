import type { Domain } from "@polyvisor/sdk/conf/domain";
import type { GuestEnd } from "@polyvisor/sdk/driver";
import type { Exit } from "./host.js";

/** What bhyve exits with; what is higher tells of a failure. */
const REBOOT = 0;
const HALT = 2;

/** What the end of bhyve means for its guest; `rebooting`: it was asked to end so that it starts anew. */
export function endOf(exit: Exit, { onReboot }: Pick<Domain, "onReboot">, rebooting: boolean): GuestEnd {
  if (exit.kind !== "status" || exit.status > HALT) return "crash";
  if (exit.status !== REBOOT && !rebooting) return "shutdown";
  return onReboot === "destroy" ? "shutdown" : "reboot";
}
