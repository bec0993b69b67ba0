import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, succeeded } from "./command.js";
import { runVirsh } from "./virsh-watch.js";

/** virsh on one connection: libvirt's own client, unchanged. */
export class Virsh {
  readonly uri: string;

  constructor(uri: string) {
    this.uri = uri;
  }

  /** Runs a command that may fail. */
  run(...args: readonly string[]): Promise<Outcome> {
    return runVirsh(args.slice(0, 1), ["virsh", "-c", this.uri, ...args]);
  }

  /** What a command that must succeed prints, without the empty lines around it. */
  async ok(...args: readonly string[]): Promise<string> {
    return succeeded(`virsh ${args.join(" ")}`, await this.run(...args)).trim();
  }

  /** The complaint of a command that must fail. */
  async fails(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code === 0) throw new Error(`virsh ${args.join(" ")} succeeds: ${stdout}`);
    return stderr.trim();
  }

  /** Defines, or creates, a domain from XML text. */
  async fromXml(command: "define" | "create", xml: string, ...flags: readonly string[]): Promise<Outcome> {
    const folder = await mkdtemp(join(tmpdir(), "virsh-"));
    try {
      const file = join(folder, "domain.xml");
      await writeFile(file, xml);
      return await this.run(command, file, ...flags);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async define(xml: string, ...flags: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.fromXml("define", xml, ...flags);
    if (code !== 0) throw new Error(`virsh define: ${stderr}`);
    return stdout.trim();
  }
}
