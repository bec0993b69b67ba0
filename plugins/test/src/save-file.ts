import { constants } from "node:os";
import { type ErrorDomain, VirtError } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";
import { testError } from "./errors.js";

/** What a saved guest's file begins with, as libvirt's test driver has it. */
const MAGIC = "TestGuestMagic\0";
const HEADER = MAGIC.length + 4;
/** The largest document that is read again, in bytes. */
const MOST = 8192;
const FROM: ErrorDomain = "TEST";

/** `printf %b` turns the first into bytes, and leaves the second as it is. */
const WRITE = `umask 077; { printf '%b' "$1"; printf '%s' "$2"; } | tee -- "$3" >/dev/null`;
const READ = 'head -c "$1" -- "$2" | base64 -w0';

/** Writes a file that begins with the magic; `document` is what the guest was. Throws `SYSTEM_ERROR`, and says then what it is that failed with `what`. */
export async function writeSaveFile(path: string, document: string | undefined, what: string): Promise<void> {
  const length = Buffer.alloc(4);
  length.writeInt32LE(Buffer.byteLength(document ?? ""));
  const header = Buffer.concat([Buffer.from(MAGIC), document === undefined ? Buffer.alloc(0) : length]);
  if (document !== undefined && Buffer.byteLength(document) > MOST) {
    const hint = `a document of at most ${MOST} bytes can be restored`;
    throw testError("OPERATION_UNSUPPORTED", "the domain's configuration is too long to be saved", hint);
  }
  const octal = [...header].map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
  const { stderr } = await runHelper(["/bin/sh", "-c", WRITE, "write", octal, document ?? "", path]);
  if (stderr !== "") throw systemError(what, stderr);
}

/** The document that a file was written with. Throws `SYSTEM_ERROR` and `INTERNAL_ERROR` in libvirt's words. */
export async function readSaveFile(path: string): Promise<string> {
  const { stdout, stderr } = await runHelper(["/bin/sh", "-c", READ, "read", String(HEADER + MOST), path]);
  if (stderr !== "") {
    const what = stderr.includes(IS_FOLDER) ? "incomplete save header in" : "cannot read domain image";
    throw systemError(`${what} '${path}'`, stderr);
  }
  const bytes = Buffer.from(stdout, "base64");
  if (bytes.length < MAGIC.length) throw incomplete(`incomplete save header in '${path}'`);
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw testError("INTERNAL_ERROR", "mismatched header magic", "this is no file of a saved guest");
  }
  if (bytes.length < HEADER) throw incomplete(`failed to read metadata length in '${path}'`);
  const length = bytes.readInt32LE(MAGIC.length);
  if (length < 1 || length > MOST) {
    throw testError("INTERNAL_ERROR", "length of metadata out of range", "this is no file of a saved guest");
  }
  if (bytes.length < HEADER + length) throw incomplete(`incomplete metadata in '${path}'`);
  return bytes.toString("utf8", HEADER, HEADER + length);
}

const IS_FOLDER = "Is a directory";
const { ENOENT, EACCES, EISDIR, ENOTDIR, ENAMETOOLONG, ENOSPC, EROFS } = constants.errno;
/** The system's words for what goes wrong with files, and its numbers. */
const NUMBERS: Readonly<Record<string, number>> = {
  "No such file or directory": ENOENT,
  "Permission denied": EACCES,
  [IS_FOLDER]: EISDIR,
  "Not a directory": ENOTDIR,
  "File name too long": ENAMETOOLONG,
  "No space left on device": ENOSPC,
  "Read-only file system": EROFS,
};

/** The tools end their complaint with the system's own words. */
function systemError(what: string, complaint: string): VirtError {
  const reason = complaint.trim().split(": ").at(-1) ?? "";
  return new VirtError("SYSTEM_ERROR", `${what}: ${reason}`, { domain: FROM, errno: NUMBERS[reason] });
}

/** libvirt adds what the system said last, which was that all is well. */
function incomplete(detail: string): VirtError {
  return new VirtError("SYSTEM_ERROR", `${detail}: Success`, { domain: FROM, errno: 0, hint: "the file was cut off" });
}
