import { type ChildProcess, spawn } from "node:child_process";
import { readlink } from "node:fs/promises";
import { until } from "./processes.js";

/** A network namespace that outlives the programs in it, and goes with this process at the latest. */
export class PrivateNetwork {
  readonly #keeper: ChildProcess;

  private constructor(keeper: ChildProcess) {
    this.#keeper = keeper;
  }

  static async make(): Promise<PrivateNetwork> {
    const network = new PrivateNetwork(
      spawn("unshare", ["--net", "--", "cat"], { stdio: ["pipe", "ignore", "inherit"] }),
    );
    const ours = await readlink("/proc/self/ns/net");
    await until("a network namespace", async () => (await readlink(network.#path)) !== ours);
    return network;
  }

  /** The words before a command that make it run in the namespace. */
  get wrapper(): readonly string[] {
    return ["nsenter", `--net=${this.#path}`, "--"];
  }

  close(): void {
    this.#keeper.stdin?.end();
  }

  get #path(): string {
    return `/proc/${this.#keeper.pid}/ns/net`;
  }
}
