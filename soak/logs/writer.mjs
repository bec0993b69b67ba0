import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const GUEST = { uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", name: "guest" };
/** How long what a guest has said may take to be in its file, in milliseconds. */
const PATIENCE = 60_000;
const ROLLED_OVER = 400_000;

/** Lines that count, until its input ends. */
const COUNT = `
import os, select, sys
n = 0
while not select.select([0], [], [], 0.01)[0]:
    block = "".join("line %d\\n" % i for i in range(n, n + 100))
    n += 100
    os.write(1, block.encode())
os.write(1, ("end %d\\n" % n).encode())
`;

/** A process that writes to a log as a guest does. */
export class Writer {
  path;
  #child;
  #ended;
  #floods;

  constructor(path, child, floods) {
    this.#ended = once(child, "exit");
    this.path = path;
    this.#child = child;
    this.#floods = floods;
  }

  static async start(manager, path, { floods }) {
    const descriptor = await manager.openLogFile({ driver: "soak", guest: GUEST, path, truncate: 1 });
    const fd = descriptor.take();
    const argv = floods ? ["yes", "a line of a guest that never stops"] : ["python3", "-c", COUNT];
    const child = spawn(argv[0], argv.slice(1), { stdio: ["pipe", fd, "ignore"] });
    closeSync(fd);
    return new Writer(path, child, floods);
  }

  /** @returns {Promise<{ lines: number, faults: string[] }>} */
  async end(manager) {
    if (this.#floods) this.#child.kill("SIGKILL");
    else this.#child.stdin.end();
    const [code, signal] = await this.#ended;
    if (this.#floods && signal === "SIGKILL") return { lines: 0, faults: await this.#sizes() };
    if (code !== 0) return { lines: 0, faults: [`${this.path}: the guest ended with ${code ?? signal}`] };
    await manager.getLogFilePosition({ path: this.path });
    return this.#judge();
  }

  /** What is there must be all lines from the first on, each once. */
  async #judge() {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const text = await this.#text();
      const lines = text.split("\n");
      const wrong = lines.findIndex((line, index) => index < lines.length - 2 && line !== `line ${index}`);
      if (wrong >= 0)
        return {
          lines: wrong,
          faults: [`${this.path}: line ${wrong} is '${lines[wrong]}', after '${lines[wrong - 1]}'`],
        };
      if (text.endsWith(`end ${lines.length - 2}\n`)) return { lines: lines.length - 1, faults: [] };
      if (performance.now() > deadline)
        return { lines: lines.length, faults: [`${this.path}: its last words are missing`] };
      await sleep(50);
    }
  }

  async #text() {
    const texts = await Promise.all((await this.#files()).map((name) => readFile(name, "latin1").catch(() => "")));
    return texts.join("");
  }

  async #sizes() {
    const sizes = await Promise.all(
      (await this.#files()).map((name) =>
        stat(name).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    return sizes.some((size) => size > ROLLED_OVER) ? [`${this.path}: a file has ${Math.max(...sizes)} bytes`] : [];
  }

  /** The oldest first. */
  async #files() {
    const own = basename(this.path);
    const ages = (await readdir(dirname(this.path)))
      .filter((name) => name === own || name.startsWith(`${own}.`))
      .map((name) => (name === own ? -1 : Number(name.slice(own.length + 1))))
      .sort((one, other) => other - one);
    return ages.map((age) => join(dirname(this.path), age < 0 ? own : `${own}.${age}`));
  }
}
