import type { Disk } from "@polyvisor/sdk/conf/domain";
import { qemuError } from "../errors.js";
import type { Guest } from "../guest.js";

/** Refuses a disk of which a job is under way. */
export function checkIdle({ guest }: { readonly guest: Guest }, { target: { dev }, mirror }: Disk): void {
  const detail = `disk '${dev}' already in active block job`;
  const hint = "`blockjob` shows it, and can end it";
  if (mirror !== undefined) throw qemuError("BLOCK_COPY_ACTIVE", detail, { hint });
  if (guest.blockJobs.has(dev)) throw qemuError("OPERATION_UNSUPPORTED", detail, { hint });
}

/** Refuses a disk of which there can be no jobs. */
export function checkSupported({ target: { dev, bus }, transient, source }: Disk): void {
  const refuse = (words: string) => qemuError("OPERATION_UNSUPPORTED", `block jobs are not supported on ${words}`);
  if (bus === "sd") throw refuse(`disk '${dev}' using bus 'sd'`);
  if (transient !== undefined) throw refuse(`transient disk '${dev}'`);
  if (source.type === "vhostuser") throw refuse(`vhostuser disk '${dev}'`);
}
