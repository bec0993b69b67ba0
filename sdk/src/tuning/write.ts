import { VirtError } from "@polyvisor/core";
import type { Cgroup, Controller } from "../cgroup/index.js";

/** Writes a limit. Fails with `SYSTEM_ERROR` in libvirt's words where the kernel does not take it. */
export async function writeLimit(
  group: Cgroup,
  controller: Controller,
  file: string,
  value: string | number | bigint,
): Promise<void> {
  try {
    await group.write(controller, file, value);
  } catch (cause) {
    throw limitError(file, cause);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EBUSY: "Device or resource busy",
  EINVAL: "Invalid argument",
  ENODEV: "No such device",
  ERANGE: "Numerical result out of range",
};

export function limitError(file: string, cause: unknown): VirtError {
  if (cause instanceof VirtError) return cause;
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const reason = REASONS[code] ?? message;
  const hint = "the kernel does not take this value: it is out of its range, or less than what is in use";
  return new VirtError("SYSTEM_ERROR", `Unable to write to '${file}': ${reason}`, { domain: "CGROUP", hint, cause });
}
