import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf, runCommand } from "./command.js";
import type { Need } from "./needs.js";

/** Mounts that only this process and its children's paths see: they go with it. */
export async function privateMounts(): Promise<Need> {
  const script = "mount -t tmpfs -o size=64k none /mnt";
  const met = (await runCommand("unshare", ["--mount", "sh", "-c", script]).catch(() => ({ code: 1 }))).code === 0;
  return { name: "the kernel gives no mount namespace with a tmpfs", met, kind: "kernel" };
}

/** A small file system in a mount namespace of its own, reached from outside through procfs. */
export class SmallDisk {
  /** A folder that is the root of the file system. */
  readonly path: string;
  readonly #holder: ChildProcess;
  readonly #mountPoint: string;

  private constructor(holder: ChildProcess, mountPoint: string) {
    this.#holder = holder;
    this.#mountPoint = mountPoint;
    this.path = `/proc/${holder.pid}/root${mountPoint}`;
  }

  /** @param size as mount takes it: `4m` */
  static async make(size: string): Promise<SmallDisk> {
    const mountPoint = await mkdtemp(join(tmpdir(), "disk-"));
    const script = 'mount -t tmpfs -o "size=$0" none "$1" && echo ready && exec cat';
    const holder = spawn("unshare", ["--mount", "sh", "-c", script, size, mountPoint], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(holder.stdout as NonNullable<typeof holder.stdout>, "data");
    return new SmallDisk(holder, mountPoint);
  }

  /** Makes a folder of it read-only, or writable again. */
  async protect(folder: string, readOnly: boolean): Promise<void> {
    const path = join(this.#mountPoint, folder);
    const script = readOnly ? 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"' : 'umount "$0"';
    await outputOf("nsenter", [`--mount=/proc/${this.#holder.pid}/ns/mnt`, "--", "sh", "-c", script, path]);
  }

  async remove(): Promise<void> {
    const exited = once(this.#holder, "exit");
    this.#holder.stdin?.end();
    await exited;
    await rm(this.#mountPoint, { recursive: true, force: true });
  }
}
