import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Need, program } from "./needs.js";
import { clientProgram, PYTHON } from "./project.js";

/** What the server of the mount does from now on. */
type Conduct = "stall" | "stall-reads" | "resume";

/** What a test with such a mount needs: in containers there is often no FUSE. */
export async function stallingMounts(): Promise<readonly Need[]> {
  const probe = await mkdtemp(join(tmpdir(), "stalling-"));
  const mount = await StallingMount.make(probe).catch(() => undefined);
  await mount?.remove();
  await rm(probe, { recursive: true });
  const kernel: Need = { name: "the kernel gives no FUSE mounts", met: mount !== undefined, kind: "kernel" };
  return [await program(PYTHON.split("/").at(-1) ?? PYTHON), kernel];
}

/**
 * Files on a server that can be made to hang, in a mount namespace of its own. It goes with its server, however that goes,
 * and then whoever waits for it is free.
 */
export class StallingMount {
  /** Where its files are. */
  readonly path: string;
  readonly #server: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #mountPoint: string;

  private constructor(server: ChildProcess, answers: AsyncIterator<string>, mountPoint: string) {
    this.#server = server;
    this.#answers = answers;
    this.#mountPoint = mountPoint;
    this.path = `/proc/${server.pid}/root${mountPoint}`;
  }

  /**
   * @param folder the files that it begins with
   * @param owner whose they are, and to everybody else, root included, closed
   */
  static async make(folder: string, owner?: number): Promise<StallingMount> {
    const mountPoint = await mkdtemp(join(tmpdir(), "stalling-"));
    const more = owner === undefined ? [] : [String(owner)];
    const argv = ["--mount", PYTHON, clientProgram("stalling-mount.py"), folder, mountPoint, ...more];
    const server = spawn("unshare", argv, { stdio: ["pipe", "pipe", "ignore"] });
    const answers = createInterface(server.stdout as NonNullable<typeof server.stdout>)[Symbol.asyncIterator]();
    const mount = new StallingMount(server, answers, mountPoint);
    await mount.#hear("ready");
    return mount;
  }

  async tell(conduct: Conduct): Promise<void> {
    this.#server.stdin?.write(`${conduct}\n`);
    await this.#hear(conduct);
  }

  async remove(): Promise<void> {
    const exited = this.#server.exitCode === null ? once(this.#server, "exit") : undefined;
    this.#server.stdin?.end();
    await exited;
    await rm(this.#mountPoint, { recursive: true, force: true });
  }

  async #hear(word: string): Promise<void> {
    const { value } = await this.#answers.next();
    if (value === word) return;
    await rm(this.#mountPoint, { recursive: true, force: true });
    throw new Error(`the stalling mount says ${value}, not ${word}`);
  }
}
