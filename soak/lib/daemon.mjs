import { fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, open, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SCRIPT = new URL("../daemon-under-test.mjs", import.meta.url);
const PLUGINS = new URL("../plugins", import.meta.url);

/** Levels of the daemon's log, as pino numbers them. */
const LEVEL_ERROR = 50;

/**
 * A daemon in a process of its own, below a root folder of its own.
 */
export class DaemonUnderTest {
  /** What nobody caught in it. @type {string[]} */
  uncaught = [];
  /** How it ended, once it has. @type {string | undefined} */
  ended;
  #process;
  #root;
  #log;
  #logAt = 0;
  #asked = new Map();
  #lastId = 0;
  #left;

  constructor(child, root) {
    this.#process = child;
    this.#root = root;
    child.on("message", (message) => this.#hear(message));
    this.#left = once(child, "exit").then(([code, signal]) => {
      this.ended = `exit code ${code}, signal ${signal}`;
      for (const { reject } of this.#asked.values()) reject(new Error(`the daemon ended: ${this.ended}`));
      this.#asked.clear();
    });
  }

  /** @param {Record<string, unknown>} settings for its configuration file */
  static async start(settings = {}) {
    const root = await mkdtemp(join(tmpdir(), "pvsoak-"));
    // Guests of a daemon of root are users of their own, and pass here to their files.
    await chmod(root, 0o711);
    const config = join(root, "soak.conf");
    const all = {
      log_level: 3,
      log_outputs: `3:file:${join(root, "log")}`,
      plugin_folders: [PLUGINS.pathname],
      ...settings,
    };
    await writeFile(
      config,
      Object.entries(all)
        .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
        .join(""),
    );
    const child = fork(SCRIPT, [root, config], {
      execArgv: ["--expose-gc"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const daemon = new DaemonUnderTest(child, root);
    const [first] = await Promise.race([once(child, "message"), once(child, "exit")]);
    if (first?.ready !== true) {
      await rm(root, { recursive: true });
      throw new Error(`the daemon did not start: ${daemon.uncaught.join("; ") || first}`);
    }
    return daemon;
  }

  get pid() {
    return this.#process.pid;
  }

  get root() {
    return this.#root;
  }

  get socket() {
    return join(this.#root, "run/libvirt/libvirt-sock");
  }

  get readOnlySocket() {
    return `${this.socket}-ro`;
  }

  /** Descriptors that it has open, those of its clients among them. @returns {Promise<number>} */
  async openFiles() {
    return (await readdir(`/proc/${this.pid}/fd`)).length;
  }

  /** Memory in bytes as it is now. @returns {Promise<NodeJS.MemoryUsage>} */
  memory() {
    return this.#ask("memory");
  }

  /** Memory in bytes after collections. @returns {Promise<NodeJS.MemoryUsage>} */
  settledMemory() {
    return this.#ask("settled memory");
  }

  /** What it logged as an error since the last call: these are mistakes of ours, whatever a client does. */
  async newErrors() {
    this.#log ??= await open(join(this.#root, "log")).catch(() => undefined);
    if (this.#log === undefined) return [];
    const { size } = await this.#log.stat();
    const { buffer } = await this.#log.read(Buffer.alloc(size - this.#logAt), 0, size - this.#logAt, this.#logAt);
    const end = buffer.lastIndexOf("\n") + 1;
    this.#logAt += end;
    const lines = buffer
      .toString("utf8", 0, end)
      .split("\n")
      .filter((line) => line !== "");
    return lines
      .map((line) => JSON.parse(line))
      .filter(({ level }) => level >= LEVEL_ERROR)
      .map(describe);
  }

  /** Ends it as a service manager does, and removes what it left. A daemon that does not end in time is killed. */
  async stop() {
    if (this.ended === undefined) {
      this.#process.send({ ask: "stop" });
      const kill = setTimeout(() => this.#process.kill("SIGKILL"), 10_000);
      await this.#left;
      clearTimeout(kill);
      if (this.ended !== "exit code 0, signal null")
        this.uncaught.push(`the daemon did not end cleanly: ${this.ended}`);
    }
    await this.#log?.close();
    await rm(this.#root, { recursive: true, force: true });
  }

  #ask(ask) {
    if (this.ended !== undefined) return Promise.reject(new Error(`the daemon ended: ${this.ended}`));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#process.send({ id, ask });
    });
  }

  #hear({ id, answer, uncaught }) {
    if (uncaught !== undefined) this.uncaught.push(uncaught);
    this.#asked.get(id)?.resolve(answer);
    this.#asked.delete(id);
  }
}

/** One line for one mistake: where the same one comes again, the same line. */
function describe({ msg, call, err }) {
  const place =
    (err?.stack ?? "")
      .split("\n")
      .find((line) => line.includes("at "))
      ?.trim() ?? "";
  return [msg, call, err?.message, place].filter((part) => part).join(" | ");
}
