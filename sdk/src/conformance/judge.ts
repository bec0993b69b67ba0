import { OBJECT_KITS } from "./contracts/objects/index.js";
import { completeProfile, type HypervisorProfile, type HypervisorSubject, hypervisorKit } from "./hypervisor/index.js";
import { type Kit, type Report, type RunOptions, runKit } from "./kit/index.js";

/** The kits of what is reached by a URI. */
export const CONNECTION_KITS: readonly Kit<HypervisorSubject>[] = [hypervisorKit, ...OBJECT_KITS];

export interface JudgeOptions extends Omit<RunOptions, "profile"> {
  /** What the driver claims; what is left out is asked of the driver. */
  readonly profile?: HypervisorProfile;
}

/** Runs a kit and reports, without any test runner. The subject stays open. */
export async function judge(
  kit: Kit<HypervisorSubject>,
  subject: HypervisorSubject,
  { profile = {}, ...options }: JudgeOptions = {},
): Promise<Report> {
  return runKit(kit, subject, { ...options, profile: await completeProfile(subject, profile) });
}
