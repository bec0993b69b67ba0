import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type Outcome, runCommand } from "./command.js";
import { until } from "./processes.js";
import { clientProgram } from "./project.js";

/** A place with paths of its own, in which daemons take libvirt's. */
export class PrivatePlace {
  readonly #holder: ChildProcess;
  readonly #daemons: ChildProcess[] = [];

  constructor() {
    const hold = [clientProgram("private-paths.sh"), "sh", "-c", "echo ready; exec sleep 600"];
    this.#holder = spawn("unshare", ["--mount", "--net", ...hold], { stdio: ["ignore", "pipe", "inherit"] });
  }

  async ready(): Promise<void> {
    if (this.#holder.stdout !== null) await once(this.#holder.stdout, "data");
  }

  run(command: string, ...args: readonly string[]): Promise<Outcome> {
    return runCommand("nsenter", [...this.#inside, command, ...args]);
  }

  /** Starts a daemon, which listens on libvirt's own socket when this returns. */
  async serve(command: string, ...args: readonly string[]): Promise<ChildProcess> {
    const daemon = spawn("nsenter", [...this.#inside, command, ...args], { stdio: "ignore" });
    this.#daemons.push(daemon);
    await until(`${command} serves`, async () => {
      if (daemon.exitCode !== null) throw new Error(`${command} ended with ${daemon.exitCode}`);
      return (await this.run("virsh", "-c", "qemu:///system", "list")).code === 0;
    });
    return daemon;
  }

  async end(daemon: ChildProcess): Promise<void> {
    const exited = once(daemon, "exit");
    daemon.kill("SIGTERM");
    await exited;
  }

  close(): void {
    for (const child of [...this.#daemons, this.#holder]) child.kill("SIGKILL");
  }

  get #inside(): string[] {
    return ["--target", String(this.#holder.pid), "--mount", "--net"];
  }
}
