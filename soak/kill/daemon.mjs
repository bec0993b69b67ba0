import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../daemon/bin/polyvisord.js", import.meta.url));
const START_MS = 120_000;

/** polyvisord as a process of its own, over all its lives. */
export class KilledDaemon {
  /** What it has said on its standard error, over all lives. */
  said = "";
  /** Milliseconds from each start to the first accepted connection. @type {number[]} */
  starts = [];
  #root;
  #wrapper;
  #child;

  constructor(root, wrapper) {
    this.#root = root;
    this.#wrapper = wrapper;
    // Guests of a daemon of root are users of their own, and pass here to their files.
    chmodSync(root, 0o711);
  }

  get socket() {
    return join(this.#root, "run/libvirt/libvirt-sock");
  }

  get pid() {
    return this.#child.pid;
  }

  get hasEnded() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Starts the process, and does not wait for anything. */
  launch() {
    const argv = [...this.#wrapper, process.execPath, PROGRAM, "--root", this.#root];
    // Every child of the daemon inherits the path, if nothing else: so each process that it leaves behind names the root.
    const env = { ...process.env, PATH: `${process.env.PATH}:${this.#root}/none` };
    this.#child = spawn(argv[0], argv.slice(1), { env, stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.said += text;
    });
  }

  async start() {
    const began = performance.now();
    this.launch();
    while (!(await accepts(this.socket))) {
      if (this.hasEnded) throw new Error(`polyvisord ended at its start: ${this.said.slice(-2000)}`);
      if (performance.now() - began > START_MS) throw new Error(`polyvisord does not listen after ${START_MS} ms`);
      await sleep(5);
    }
    this.starts.push(performance.now() - began);
  }

  /** Sends the signal at once; resolves when the process has ended. */
  async end(signal) {
    if (this.#child === undefined || this.hasEnded) return;
    const exited = once(this.#child, "exit");
    this.#child.kill(signal);
    await exited;
  }
}

function accepts(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
