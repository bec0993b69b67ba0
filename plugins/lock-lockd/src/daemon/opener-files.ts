import { closeSync, constants, fstatSync, mkdirSync, openSync, type Stats, statSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { Descriptor, VirtError } from "@polyvisor/core";
import { lockByte, NativeError } from "@polyvisor/sdk/process";
import { isLocked, refused } from "./errors.js";
import { AFTERWARDS } from "./opener-api.js";

/** What runs in an opener, a process of its own that may hang: everything here waits for the file system. */

export interface FileLock {
  readonly path: string;
  readonly name: string;
  readonly byte: number;
  readonly shared: boolean;
  readonly create: boolean;
}

/** Opens and locks a file. A file that was replaced in that moment is opened again: its lock would count for nothing. */
export function take(lock: FileLock): Descriptor {
  for (;;) {
    const descriptor = openAndLock(lock);
    if (!lock.create || isInItsPlace(descriptor.fd, lock.path)) return descriptor;
    closeSync(descriptor.take());
  }
}

function openAndLock({ path, name, byte, shared, create }: FileLock): Descriptor {
  const what = create ? "Unable to open/create resource" : "Unable to open resource";
  const fd = orRefused(`${what} ${path}`, () =>
    openSync(path, constants.O_RDWR | (create ? constants.O_CREAT : 0), 0o600),
  );
  try {
    if (lockByte(fd, byte, shared ? "shared" : "exclusive")) return new Descriptor(fd);
    throw isLocked(name);
  } catch (error) {
    closeSync(fd);
    throw error instanceof NativeError ? refused(`Unable to acquire lock on '${path}'`, error.errno) : error;
  }
}

function isInItsPlace(fd: number, path: string): boolean {
  const ours = fstatSync(fd, { bigint: true });
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  return there?.ino === ours.ino && there.dev === ours.dev;
}

/** The file goes before its lock does: whoever opens it until then finds that it is not in its place any more. */
export function free(fd: number, path: string, byte: number, afterwards: number): void {
  const isAlone = afterwards === AFTERWARDS.GOES_IF_UNUSED && lockByte(fd, byte, "exclusive");
  if (isAlone || afterwards === AFTERWARDS.GOES) removeIfThere(path);
  lockByte(fd, byte, "none");
}

export function createFile(path: string): void {
  const flags = constants.O_WRONLY | constants.O_CREAT;
  closeSync(orRefused(`cannot create file '${path}'`, () => openSync(path, flags, 0o600), "NONE"));
}

export function removeFile(path: string): void {
  orRefused(`Unable to delete lockspace resource ${path}`, () => removeIfThere(path));
}

export function makeFolder(path: string): void {
  const found = statIfThere(path);
  if (found?.isDirectory() === true) return;
  if (found !== undefined)
    throw new VirtError("INTERNAL_ERROR", `Lockspace location ${path} exists, but is not a directory`, {
      domain: "LOCKSPACE",
    });
  orRefused(`Unable to create lockspace ${path}`, () => {
    for (const folder of missingFolders(path)) mkdirSync(folder, 0o700);
  });
}

/** From the topmost on. What Node makes by itself it would try for ever below /proc. */
function missingFolders(path: string): string[] {
  if (path === dirname(path) || statIfThere(path) !== undefined) return [];
  return [...missingFolders(dirname(path)), path];
}

/** What stands in the way of the path is told by whoever makes it. */
function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function orRefused<T>(what: string, work: () => T, domain: "LOCKSPACE" | "NONE" = "LOCKSPACE"): T {
  try {
    return work();
  } catch (error) {
    throw refused(what, Math.abs((error as NodeJS.ErrnoException).errno ?? 5), domain);
  }
}
