import type { LabelFailure } from "../request.js";
import { codeOf } from "./opened.js";

/** A failure that goes to the caller as it is. */
export class LabelError extends Error {
  readonly failure: LabelFailure;

  constructor(failure: LabelFailure) {
    super(failure.detail);
    this.failure = failure;
  }
}

/** The C library's words for an error of the system, which clients know. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  EAGAIN: "Resource temporarily unavailable",
  ELOOP: "Too many levels of symbolic links",
  ENOTDIR: "Not a directory",
  EIO: "Input/output error",
  ESTALE: "Stale file handle",
  ETXTBSY: "Text file busy",
  EROFS: "Read-only file system",
  ENOSPC: "No space left on device",
  ENXIO: "No such device or address",
};

/** What libvirt says where a call of the system fails: what was tried, and why it did not go. */
export function systemFailure(what: string, error: unknown, hint?: string): LabelError {
  if (error instanceof LabelError) return error;
  const code = codeOf(error);
  const why = (code && WORDS[code]) ?? (error instanceof Error ? error.message : String(error));
  return new LabelError({ code: "SYSTEM_ERROR", detail: `${what}: ${why}`, hint });
}

export function failureOf(error: unknown): LabelFailure {
  if (error instanceof LabelError) return error.failure;
  return { code: "INTERNAL_ERROR", detail: error instanceof Error ? error.message : String(error) };
}
