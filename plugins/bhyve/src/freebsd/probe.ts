import type { Applicability } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";

/** Whether this host can run guests of bhyve. */
export async function probeFreeBsd(): Promise<Applicability> {
  const { status } = await runHelper(["/sbin/kldstat", "-q", "-m", "vmm"], { deadline: 5_000 });
  if (status === 0) return { usable: true, detail: "/usr/sbin/bhyve" };
  return { usable: false, reason: "the kernel's module vmm is not loaded: kldload vmm" };
}
