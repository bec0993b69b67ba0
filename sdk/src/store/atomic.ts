import { link, open, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolders } from "./make-folders.js";

/** The file operations behind durable writes, so that tests can make each of them fail. */
export interface DurableFs {
  open(path: string, flags: string, mode?: number): Promise<DurableFile>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file, or for a symbolic link itself. */
  link(existing: string, path: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  rm(path: string): Promise<void>;
  mkdir(path: string): Promise<unknown>;
}

export interface DurableFile {
  writeFile(data: string | Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

const realFs: DurableFs = {
  open,
  rename,
  link,
  symlink,
  rm: (path) => rm(path, { force: true }),
  mkdir: (path) => makeFolders(path, 0o700),
};

/** A name beside the file that no other process and no other write has. */
let counter = 0;
const besides = (path: string, suffix: "new" | "old") => `${path}.${process.pid}.${counter++}.${suffix}`;
const TEMPORARY = /\.\d+\.\d+\.(new|old)$/;

/**
 * Replaces a file so that after any crash either the old or the new content is there, whole, and once this resolves the
 * new one is. A missing folder is made. On failure the old file stays and nothing is left behind.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  mode = 0o600,
  fs = realFs,
): Promise<void> {
  await fs.mkdir(dirname(path));
  const write = async (temporary: string) => {
    const file = await fs.open(temporary, "wx", mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
  };
  await replace(path, write, fs);
}

/** Makes a symbolic link, or replaces one, as durably as `writeFileAtomic` does a file. */
export async function writeLinkAtomic(path: string, target: string, fs = realFs): Promise<void> {
  await fs.mkdir(dirname(path));
  await replace(path, (temporary) => fs.symlink(target, temporary), fs);
}

/**
 * Puts a file in its place at once, as `writeFileAtomic` does, but without waiting for the disk: for what means nothing after the
 * host's next boot.
 */
export async function replaceFile(path: string, data: string, mode = 0o600): Promise<void> {
  const temporary = besides(path, "new");
  const write = () => writeFile(temporary, data, { mode, flag: "w" });
  try {
    await write().catch(async (error: unknown) => {
      if (!isMissing(error)) throw error;
      await realFs.mkdir(dirname(path));
      await write();
    });
    await rename(temporary, path);
  } catch (error) {
    await realFs.rm(temporary);
    throw error;
  }
}

/** Removes a file for good; one that is not there is fine. On failure it stays. */
export async function removeFile(path: string, fs = realFs): Promise<void> {
  const old = besides(path, "old");
  try {
    await fs.rename(path, old);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    await syncFolder(dirname(path), fs);
  } catch (error) {
    await fs.rename(old, path).catch(() => {});
    throw error;
  }
  await fs.rm(old);
}

/**
 * Removes what a process that was killed left in a folder in the midst of the functions above. Only for one who alone
 * writes there.
 */
export async function removeTemporaries(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const stale = names.filter((name) => TEMPORARY.test(name));
  await Promise.all(stale.map((name) => rm(join(folder, name), { force: true })));
}

/** The old file keeps a second name until the new one is safe: a folder that cannot be flushed may not have forgotten it. */
async function replace(path: string, make: (temporary: string) => Promise<void>, fs: DurableFs): Promise<void> {
  const temporary = besides(path, "new");
  const old = besides(path, "old");
  try {
    await make(temporary);
    // Where there is nothing yet, or no second name can be given, there is none.
    await fs.link(path, old).catch(() => {});
    await fs.rename(temporary, path);
  } catch (error) {
    await Promise.allSettled([fs.rm(temporary), fs.rm(old)]);
    throw error;
  }
  try {
    await syncFolder(dirname(path), fs);
  } catch (error) {
    await fs.rename(old, path).catch((problem: unknown) => (isMissing(problem) ? fs.rm(path) : undefined));
    throw error;
  }
  await fs.rm(old);
}

/** A new or removed name is safe only once its folder has reached the disk. */
async function syncFolder(folder: string, fs: DurableFs): Promise<void> {
  const handle = await fs.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
