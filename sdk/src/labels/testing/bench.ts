import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "@polyvisor/core";
import { getAttribute, setAttribute } from "../helper/syscalls.js";
import type { LabelItem } from "../request.js";
import { type LabelLimits, LabelTransactions } from "../transactions.js";

const PREFIX = "trusted.libvirt.security.";

/** A folder with files whose owners are given away, and put back. */
export class LabelBench {
  readonly folder: string;
  readonly journals: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.journals = join(folder, "journals");
  }

  static async make(): Promise<LabelBench> {
    return new LabelBench(await mkdtemp(join(tmpdir(), "labels-")));
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  transactions(limits: Partial<LabelLimits> = {}): LabelTransactions {
    return new LabelTransactions({ model: "dac", folder: this.journals, log: silentLog, limits });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A file that belongs to user 1000 and group 1001. */
  async file(name: string): Promise<string> {
    const path = this.path(name);
    await writeFile(path, name, { mode: 0o600 });
    await chown(path, 1000, 1001);
    return path;
  }

  item(name: string, more: Partial<LabelItem> = {}): LabelItem {
    return {
      path: this.path(name),
      label: "+7:+8",
      remember: true,
      shared: false,
      own: false,
      optional: false,
      ...more,
    };
  }

  /** Who owns a file, and what is remembered of it: owner, count, time. */
  async portrait(name: string): Promise<string> {
    const path = this.path(name);
    const { uid, gid } = await stat(path);
    const kept = ["dac", "ref_dac", "timestamp_dac"].map((each) => getAttribute(path, PREFIX + each) ?? "-");
    return `${uid}:${gid} ${kept.slice(0, 2).join(" ")}${kept[2] === "-" ? "" : " at a time"}`;
  }

  /** What libvirt, or one of us who was killed, has left. */
  remember(name: string, kept: { readonly dac?: string; readonly ref_dac?: string; readonly timestamp_dac?: string }) {
    for (const [attribute, value] of Object.entries(kept)) setAttribute(this.path(name), PREFIX + attribute, value);
  }
}

/** Holds a POSIX lock on one byte of a file, as libvirt does, in a process of its own until `end`. */
export async function holdByte(path: string, byte: number): Promise<{ end(): Promise<void> }> {
  const script = [
    "import fcntl, sys",
    "f = open(sys.argv[1], 'r+b')",
    "fcntl.lockf(f, fcntl.LOCK_EX, 1, int(sys.argv[2]))",
    "print('held', flush=True)",
    "sys.stdin.read()",
  ].join("\n");
  const holder = spawn("python3", ["-c", script, path, String(byte)], { stdio: ["pipe", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  return {
    async end() {
      const gone = once(holder, "exit");
      holder.stdin.end();
      await gone;
    },
  };
}

/** Whether this process may keep such attributes where temporary files are. */
export async function mayRemember(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const bench = await LabelBench.make();
  try {
    await bench.file("probe");
    bench.remember("probe", { dac: "x" });
    return true;
  } catch {
    return false;
  } finally {
    await bench.remove();
  }
}
