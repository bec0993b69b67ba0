import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SecurityTarget } from "@polyvisor/core";
import { writeFileAtomic } from "@polyvisor/sdk/store";
import { OURS, rulesText } from "./profile.js";
import { rulesOf } from "./target-rules.js";

/** Of the rules' file: which targets they are of, for whoever adds or takes away one. */
const TARGETS = "# targets: ";
const FILE = /^libvirt-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The two files of a guest's profile: the profile itself, and the rules of its targets beside it. */
export class GuestProfile {
  readonly name: string;
  readonly file: string;
  readonly rulesFile: string;

  constructor(folder: string, name: string) {
    this.name = name;
    this.file = join(folder, name);
    this.rulesFile = `${this.file}.files`;
  }

  /** Whose file is there. */
  async owner(): Promise<"ours" | "another's" | "nobody's"> {
    const text = await readFile(this.file, "utf8").catch(() => undefined);
    if (text === undefined) return "nobody's";
    return text.startsWith(OURS) ? "ours" : "another's";
  }

  /** What its rules are of; nothing where there are none. */
  async targets(): Promise<readonly SecurityTarget[]> {
    const text = await readFile(this.rulesFile, "utf8").catch(() => "");
    const line = text.split("\n").find((each) => each.startsWith(TARGETS));
    return line === undefined ? [] : (JSON.parse(line.slice(TARGETS.length)) as SecurityTarget[]);
  }

  async writeTargets(targets: readonly SecurityTarget[]): Promise<void> {
    const text = rulesText([`${TARGETS}${JSON.stringify(targets)}`, ...rulesOf(targets)]);
    await writeFileAtomic(this.rulesFile, text, 0o644);
  }

  async write(text: string): Promise<void> {
    await writeFileAtomic(this.file, text, 0o644);
  }

  async remove(): Promise<void> {
    await rm(this.rulesFile, { force: true });
    await rm(this.file, { force: true });
  }

  /** Our profiles in a folder that were last written before a moment, in milliseconds since 1970. */
  static async writtenBefore(folder: string, moment: number): Promise<readonly GuestProfile[]> {
    const names = (await readdir(folder).catch(() => [])).filter((name) => FILE.test(name));
    const profiles = names.map((name) => new GuestProfile(folder, name));
    const old = await Promise.all(
      profiles.map(async (profile) => {
        const written = await stat(profile.rulesFile).catch(() => undefined);
        return (written?.mtimeMs ?? 0) < moment && (await profile.owner()) === "ours";
      }),
    );
    return profiles.filter((_, index) => old[index]);
  }
}
