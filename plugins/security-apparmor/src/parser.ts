import { VirtError } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";

/** The program that compiles profiles for the kernel. */
export const PARSER = "apparmor_parser";
/** A profile takes a tenth of a second; one that includes files of a mount that hangs would take for ever. */
const DEADLINE = 30_000;
const ENVIRONMENT = { PATH: `${process.env.PATH ?? "/usr/bin:/bin"}:/usr/sbin:/sbin` };
/** Profiles of guests change with each start: the cache would only grow. */
const OPTIONS = ["--skip-cache", "--quiet"] as const;

/** Loads and unloads profiles, each in a process of its own. `program` is another one only in tests. */
export class ProfileParser {
  readonly #program: string;

  constructor(program = PARSER) {
    this.#program = program;
  }

  /** Whether the text is a profile, with all that it includes. Compiles nothing, and the kernel hears nothing of it. */
  async check(text: string): Promise<void> {
    const script = 'printf %s "$1" | "$2" --names --quiet';
    await this.#run(["/bin/sh", "-c", script, "sh", text, this.#program], "reads no profile of a guest");
  }

  /** In place of the one of that name, where there is one: processes under it are bound by the new rules at once. */
  async load(file: string, profile: string): Promise<void> {
    await this.#run([this.#program, "--replace", ...OPTIONS, "--", file], `cannot load AppArmor profile '${profile}'`);
  }

  async unload(file: string, profile: string): Promise<void> {
    await this.#run([this.#program, "--remove", ...OPTIONS, "--", file], `could not remove profile for '${profile}'`);
  }

  async #run(argv: readonly [string, ...string[]], what: string): Promise<void> {
    const { status, stderr } = await runHelper(argv, { deadline: DEADLINE, env: ENVIRONMENT });
    if (status === 0) return;
    throw new VirtError("INTERNAL_ERROR", `${what}: ${stderr.trim() || `${this.#program} ended with ${status}`}`, {
      domain: "SECURITY",
      hint: `${PARSER} of the package apparmor says what is wrong; additions of this site are in /etc/apparmor.d/local`,
    });
  }
}
