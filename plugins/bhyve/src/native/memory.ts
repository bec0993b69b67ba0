import { bhyveError } from "../errors.js";

const MEGABYTE = 1024 * 1024;
const SUFFIXES = "bkmgtpe";

/** A size as bhyve's programs read it, in KiB: a small plain number counts megabytes. */
export function parseMemory(text: string): number {
  const [, digits, suffix] = /^\s*\+?(\d{1,15})([bkmgtpe]?)$/i.exec(text) ?? [];
  if (digits === undefined || suffix === undefined) throw unreadable();
  const number = Number(digits);
  const bytes =
    suffix === ""
      ? number < MEGABYTE
        ? number * MEGABYTE
        : number
      : number * 1024 ** SUFFIXES.indexOf(suffix.toLowerCase());
  if (!Number.isSafeInteger(bytes)) throw unreadable();
  return Math.floor(bytes / 1024);
}

function unreadable() {
  return bhyveError("OPERATION_FAILED", "Failed to parse memory", "write megabytes, or a number with M or G");
}
