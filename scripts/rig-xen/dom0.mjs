import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** How long anything may take on an emulated machine, in milliseconds. */
export const MINUTES = 15 * 60_000;

export const document = (name, uuid, { machine = "xenpv", more = "" } = {}) => `<domain type='xen'>
  <name>${name}</name><uuid>${uuid}</uuid><memory unit='MiB'>160</memory><currentMemory unit='MiB'>128</currentMemory>
  <vcpu current='1'>2</vcpu><os><type arch='x86_64' machine='${machine}'>${machine === "xenpv" ? "linux" : "xenpvh"}</type>
  <kernel>/guests/vmlinuz</kernel><initrd>/guests/initrd</initrd><cmdline>console=hvc0 quiet</cmdline></os>
  <devices>${more}<console type='pty'><target type='xen'/></console></devices></domain>`;

/** How the driver is told where the rig's dom0 is. */
export const placeOf = ({ key, port }) => `ssh://root@127.0.0.1:${port}?keyfile=${key}&no_verify=1`;

/** The rig's dom0: its shell, the daemon that drives it from outside, and what that daemon's clients see. */
export class Dom0 {
  #watchers = [];

  /** @param daemon what `start` and `end` begin and end, with a `uri` for clients; `forget` takes away what a boot does */
  constructor(daemon, { folder, key, port }) {
    this.daemon = daemon;
    this.folder = folder;
    this.key = key;
    this.port = port;
    this.ours = daemon.uri("xen");
    /** The libvirtd that runs in dom0. */
    this.libvirtd = `xen+tcp://127.0.0.1:${port + 2}/system`;
  }

  /** What ssh is told in order to run a command in dom0. */
  sshWords(command) {
    const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"].flatMap((each) => ["-o", each]);
    return ["-q", "-i", this.key, "-p", String(this.port), ...options, "root@127.0.0.1", command];
  }

  /** Runs a command in dom0; what it wrote. */
  async shell(command) {
    return (await run("ssh", this.sshWords(command), { timeout: MINUTES, maxBuffer: 1 << 26 })).stdout;
  }

  /** What virsh says, its complaints included; never fails. */
  async virsh(uri, ...words) {
    const { stdout, stderr } = await run("virsh", ["-q", "-c", uri, ...words], { timeout: MINUTES }).catch(
      (error) => error,
    );
    return `${stdout ?? ""}${stderr ?? ""}`.trim();
  }

  /** A document as a file for virsh. */
  async file(name, text) {
    const path = join(this.folder, name);
    await writeFile(path, text);
    return path;
  }

  /** The program that prints what a client hears. */
  listen(uri) {
    return spawn("virsh", ["-c", uri, "event", "--all", "--loop"], { stdio: ["ignore", "pipe", "ignore"] });
  }

  /** Events that a client hears from now on, as virsh prints them. */
  async watch(uri = this.ours) {
    const lines = [];
    const child = this.listen(uri);
    this.#watchers.push(child);
    child.stdout
      .setEncoding("utf8")
      .on("data", (text) => lines.push(...text.split("\n").filter((line) => line !== "")));
    const file = await this.file("heard.xml", document("heard", "11111111-2222-3333-4444-5555555555ef"));
    await until("a client hears events", async () => {
      await this.virsh(uri, "define", file);
      await this.virsh(uri, "undefine", "heard");
      return lines.some((line) => line.includes("'heard'"));
    });
    return lines;
  }

  async close() {
    for (const child of this.#watchers) child.kill();
  }
}

export async function until(what, holds) {
  for (const end = Date.now() + MINUTES; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`in vain: ${what}`);
}
