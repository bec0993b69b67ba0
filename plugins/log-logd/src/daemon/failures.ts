import { type ErrorDomain, VirtError } from "@polyvisor/core";
import { systemErrorText } from "@polyvisor/sdk/process";

/** A call of the system that failed, in libvirt's form: what could not be done, and the system's words. */
export function systemFailure(what: string, cause: unknown, domain: ErrorDomain = "NONE"): VirtError {
  const { errno } = cause as NodeJS.ErrnoException;
  if (errno === undefined) return VirtError.from(cause, domain);
  return errnoFailure(what, Math.abs(errno), domain, cause);
}

export function errnoFailure(what: string, errno: number, domain: ErrorDomain, cause?: unknown): VirtError {
  return new VirtError("SYSTEM_ERROR", `${what}: ${systemErrorText(errno)}`, { errno, domain, cause });
}
