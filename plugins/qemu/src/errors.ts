import { checkFlags as check, type ErrorDetail, type ErrorName, VirtError } from "@polyvisor/core";

/** An error of this driver. */
export function qemuError(code: ErrorName, detail: string, more: Omit<ErrorDetail, "domain"> = {}): VirtError {
  return new VirtError(code, detail, { ...more, domain: "QEMU" });
}

/** The guest ended while a call was under way. */
export function noLongerRunning(): VirtError {
  return qemuError("OPERATION_FAILED", "domain is no longer running");
}

/** Refuses flags that a call does not know; `caller` is the name of libvirt's function for it, which stands in the message. */
export function checkFlags(flags: number, known: number, caller: string): void {
  check(flags, known, caller, "QEMU");
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  EEXIST: "File exists",
  ENOSPC: "No space left on device",
  EROFS: "Read-only file system",
  EIO: "Input/output error",
  EDQUOT: "Disk quota exceeded",
  EMFILE: "Too many open files",
  ENAMETOOLONG: "File name too long",
  EBUSY: "Device or resource busy",
  EISDIR: "Is a directory",
  ENOTDIR: "Not a directory",
};

/** A failed system call in libvirt's form: what could not be done, and the system's words. */
export function systemError(what: string, cause: unknown): VirtError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return qemuError("SYSTEM_ERROR", `${what}: ${REASONS[code ?? ""] ?? message ?? String(cause)}`, { cause });
}
