import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { endProcessesNaming, until } from "./processes.js";
import { project } from "./project.js";

/** How long a start may take on a busy machine. */
const START_MS = 120_000;

/** polyvisord below a folder of its own. The folder outlives the daemon: kill it, start it again, and look what it finds. */
export class Polyvisord {
  readonly root: string;
  readonly #wrapper: readonly string[];
  /** Everything that the daemon has said, over all its lives. */
  said = "";
  /** How its last life has ended, once it has. */
  ended: string | undefined;
  #child: ChildProcess | undefined;

  /** @param wrapper a command that ends with the exec of its arguments, such as unshare: the daemon runs inside it */
  constructor(root: string, wrapper: readonly string[] = []) {
    this.root = root;
    this.#wrapper = wrapper;
  }

  get socket(): string {
    return join(this.root, "run/libvirt/libvirt-sock");
  }

  get readOnlySocket(): string {
    return join(this.root, "run/libvirt/libvirt-sock-ro");
  }

  /** A client's URI: the machine's guests for root, else the user's own. */
  /** Of this machine's own driver with that scheme. */
  uri(driver: string, socket = this.socket): string {
    const path = driver === "test" ? "/default" : process.getuid?.() === 0 ? "/system" : "/session";
    return `${driver}+unix://${path}?socket=${socket}`;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error("the daemon does not run");
    return this.#child.pid;
  }

  /** Writes a plugin's settings, for the next start. */
  async configure(plugin: string, settings: string): Promise<void> {
    const folder = join(this.root, "etc/libvirt/plugins");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${plugin}.conf`), settings);
  }

  /** Writes settings of the daemon, for the next start. */
  async settings(lines: string): Promise<void> {
    await mkdir(join(this.root, "etc/libvirt"), { recursive: true });
    await writeFile(join(this.root, "etc/libvirt/polyvisord.conf"), lines);
  }

  async start(...args: readonly string[]): Promise<void> {
    await mkdir(this.root, { recursive: true });
    // Guests of a daemon of root are users of their own, and pass here to their files.
    for (let at = this.root; at.startsWith(`${tmpdir()}/`); at = dirname(at))
      await chmod(at, ((await stat(at)).mode & 0o7777) | 0o111);
    const daemon = [process.execPath, join(project, "daemon/bin/polyvisord.js"), "--root", this.root, ...args];
    const [command = "", ...rest] = [...this.#wrapper, ...daemon];
    const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.said += text;
      });
    }
    this.ended = undefined;
    child.once("exit", (code, signal) => {
      this.ended = `code ${code}, signal ${signal}`;
    });
    await until(
      "polyvisord listens",
      async () => {
        if (this.ended !== undefined) throw new Error(`polyvisord ended (${this.ended}):\n${this.said}`);
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

/** Runs a body with a daemon of its own, and ends it and its guests whatever happens. */
export async function withPolyvisord<T>(
  body: (daemon: Polyvisord) => Promise<T>,
  wrapper: readonly string[] = [],
  settings: Readonly<Record<string, string>> = {},
  lines = "",
): Promise<T> {
  const daemon = await startPolyvisord(wrapper, settings, lines);
  try {
    return await body(daemon);
  } finally {
    await daemon.dispose();
  }
}

/** A daemon in a new folder, listening; `settings` are plugins' own, by their names, and `lines` the daemon's. */
export async function startPolyvisord(
  wrapper: readonly string[] = [],
  settings: Readonly<Record<string, string>> = {},
  lines = "",
): Promise<Polyvisord> {
  const daemon = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")), wrapper);
  for (const [plugin, text] of Object.entries(settings)) await daemon.configure(plugin, text);
  if (lines !== "") await daemon.settings(lines);
  try {
    await daemon.start();
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
