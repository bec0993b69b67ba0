import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcessesNaming, until } from "./processes.js";
import { project } from "./project.js";

/** How long a start may take on a busy machine. */
const START_MS = 30_000;

/** polyvisord below a folder of its own. The folder outlives the daemon: kill it, start it again, and look what it finds. */
export class Polyvisord {
  readonly root: string;
  /** Everything that the daemon has said, over all its lives. */
  said = "";
  #child: ChildProcess | undefined;

  constructor(root: string) {
    this.root = root;
  }

  get socket(): string {
    return join(this.root, "run/libvirt/libvirt-sock");
  }

  get readOnlySocket(): string {
    return join(this.root, "run/libvirt/libvirt-sock-ro");
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error("the daemon does not run");
    return this.#child.pid;
  }

  async start(...args: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, [join(project, "daemon/bin/polyvisord.js"), "--root", this.root, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.said += text;
      });
    }
    let ended: string | undefined;
    child.once("exit", (code, signal) => {
      ended = `code ${code}, signal ${signal}`;
    });
    await until(
      "polyvisord listens",
      async () => {
        if (ended !== undefined) throw new Error(`polyvisord ended (${ended}):\n${this.said}`);
        return accepts(this.socket);
      },
      START_MS,
    );
  }

  /** Ends the daemon with a signal and returns its exit code, or null when the signal ended it. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exited = once(child, "exit") as Promise<[number | null]>;
    child.kill(signal);
    const [code] = await exited;
    return code;
  }

  /** Ends the daemon and its guests, and removes the folder. */
  async dispose(): Promise<void> {
    await this.end("SIGKILL");
    await endProcessesNaming(this.root);
    await rm(this.root, { recursive: true, force: true });
  }
}

/** A daemon in a new folder, listening. */
export async function startPolyvisord(...args: readonly string[]): Promise<Polyvisord> {
  const daemon = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")));
  try {
    await daemon.start(...args);
    return daemon;
  } catch (error) {
    await daemon.dispose();
    throw error;
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
