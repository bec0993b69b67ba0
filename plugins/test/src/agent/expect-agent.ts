import { VirtError } from "@polyvisor/core";
import type { TestDomain } from "../domain.js";
import { behaviourOf } from "../simulation/behaviour.js";

/** Throws where the guest's agent is configured to be silent. */
export function expectAgent({ config }: TestDomain): void {
  if (behaviourOf(config).agentAnswers) return;
  throw new VirtError("AGENT_UNRESPONSIVE", "QEMU guest agent is not connected", {
    domain: "TEST",
    hint: "the domain's <metadata> wants it so",
  });
}
