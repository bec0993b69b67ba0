import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

/** A screen for programs with windows, which nobody sees but a test. */
export class Screen {
  readonly folder: string;
  readonly #server: ChildProcess;
  readonly #number: string;

  private constructor(folder: string, server: ChildProcess, number: string) {
    this.folder = folder;
    this.#server = server;
    this.#number = number;
  }

  static async start(): Promise<Screen> {
    const folder = await mkdtemp(join(tmpdir(), "screen-"));
    const args = ["-displayfd", "3", "-fbdir", folder, "-screen", "0", "1024x768x24", "-nolisten", "tcp"];
    const server = spawn("Xvfb", args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
    const [number] = (await once(server.stdio[3] as Readable, "data")) as [Buffer];
    return new Screen(folder, server, number.toString().trim());
  }

  /** What a program needs to have its windows here. */
  get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      DISPLAY: `:${this.#number}`,
      HOME: this.folder,
      XDG_RUNTIME_DIR: this.folder,
      NO_AT_BRIDGE: "1",
    };
  }

  /** How many pixels are brighter than a dark grey. */
  async litPixels(): Promise<number> {
    const picture = await readFile(join(this.folder, "Xvfb_screen0"));
    // An X window dump: its header's length, then after 19 words the number of colours, of 12 bytes each.
    const pixels = picture.subarray(picture.readUInt32BE(0) + 12 * picture.readUInt32BE(76));
    let lit = 0;
    for (let at = 0; at + 2 < pixels.length; at += 4)
      if (Math.max(pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number) > 96) lit++;
    return lit;
  }

  async stop(): Promise<void> {
    const ended = once(this.#server, "exit");
    this.#server.kill();
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}
