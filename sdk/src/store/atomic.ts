import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** The file operations behind durable writes, so that tests can make each of them fail. */
export interface DurableFs {
  open(path: string, flags: string, mode?: number): Promise<DurableFile>;
  rename(from: string, to: string): Promise<void>;
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
  rm: (path) => rm(path, { force: true }),
  mkdir: (path) => mkdir(path, { recursive: true, mode: 0o700 }),
};

let counter = 0;

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
  const folder = dirname(path);
  await fs.mkdir(folder);
  const temporary = `${path}.${process.pid}.${counter++}.new`;
  try {
    const file = await fs.open(temporary, "wx", mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.rm(temporary).catch(() => {});
    throw error;
  }
  await syncFolder(folder, fs);
}

/** Removes a file for good; one that is not there is fine. */
export async function removeFile(path: string, fs = realFs): Promise<void> {
  await fs.rm(path);
  await syncFolder(dirname(path), fs).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
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
