import { constants } from "node:fs";
import { access } from "node:fs/promises";
import type { Applicability } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";

const BHYVE = "/usr/sbin/bhyve";

/** Whether this host can run guests of bhyve. */
export async function probeFreeBsd(): Promise<Applicability> {
  const hasProgram = await access(BHYVE, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!hasProgram) return { usable: false, reason: `there is no ${BHYVE}` };
  const { status } = await runHelper(["/sbin/kldstat", "-q", "-m", "vmm"], { deadline: 5_000 });
  if (status === 0) return { usable: true, detail: BHYVE };
  return { usable: false, reason: "the kernel's module vmm is not loaded: kldload vmm" };
}
