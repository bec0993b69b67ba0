import { open, rename, rm, stat } from "node:fs/promises";

/** The most that one answer carries, in bytes. */
const MAX_ANSWER = 1 << 20;

/** Where a log file stands. */
export interface Position {
  readonly inode: bigint | number;
  readonly offset: bigint | number;
}

/** Makes `path` the latest of its backups where it is large, and drops the oldest. */
export async function rollOver(path: string, maxSize: number, backups: number): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size < maxSize) return;
  const names = [path, ...backupsOf(path, backups)];
  await rm(names.at(-1) ?? path, { force: true });
  for (let index = names.length - 2; index >= 0; index--) {
    await rename(names[index] ?? "", names[index + 1] ?? "").catch(() => {});
  }
}

/**
 * What was written from a position on, at most `maxBytes`: in the file that it names, which may have become a backup, and in
 * all that came after. Of a file that is gone nothing is left, so it is read from the oldest on.
 */
export async function readFrom(path: string, position: Position, maxBytes: number, backups: number): Promise<string> {
  const chunks: Buffer[] = [];
  let left = Math.min(maxBytes, MAX_ANSWER);
  for (const { name, offset } of await filesFrom(path, position, backups)) {
    const chunk = await readAt(name, offset, left);
    chunks.push(chunk);
    left -= chunk.length;
  }
  return Buffer.concat(chunks).toString();
}

async function filesFrom(path: string, { inode, offset }: Position, backups: number) {
  const found: { name: string; offset: number }[] = [];
  for (const name of [path, ...backupsOf(path, backups)]) {
    const there = await stat(name, { bigint: true }).catch(() => undefined);
    if (there === undefined) continue;
    const isFirst = there.ino === BigInt(inode);
    found.unshift({ name, offset: isFirst ? Number(offset) : 0 });
    if (isFirst) break;
  }
  return found;
}

async function readAt(name: string, offset: number, bytes: number): Promise<Buffer> {
  const file = await open(name, "r");
  try {
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(buffer, 0, bytes, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function backupsOf(path: string, backups: number): string[] {
  return Array.from({ length: backups }, (_, index) => `${path}.${index}`);
}
