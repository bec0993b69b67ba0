import { readFile } from "node:fs/promises";
import type { PolicyRequest } from "@polyvisor/core";
import { SettingError } from "../../startup/start-error.js";
import type { GeneralPolicy, GeneralQuestion } from "../for-all.js";
import { readAccounts } from "./accounts.js";
import { parseRules } from "./parse.js";
import { rulesPolicy } from "./policy.js";

/** The policy in a rules file, which may be read again while it is asked. */
export class RulesFile implements GeneralPolicy {
  #policy: GeneralPolicy;

  private constructor(policy: GeneralPolicy) {
    this.#policy = policy;
  }

  /** Throws a `StartError` where the file cannot be read or has a mistake. */
  static async open(path: string): Promise<RulesFile> {
    return new RulesFile(await loadRules(path));
  }

  /** From then on the rules in this file count. Throws as `open` does; the old rules stay then. */
  async reload(path: string): Promise<void> {
    this.#policy = await loadRules(path);
  }

  allows(request: PolicyRequest): ReturnType<GeneralPolicy["allows"]> {
    return this.#policy.allows(request);
  }

  ofAll(question: GeneralQuestion): boolean | undefined {
    return this.#policy.ofAll(question);
  }
}

async function loadRules(path: string): Promise<GeneralPolicy> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new SettingError(
      "access_rules",
      `the access rules cannot be read: ${(error as Error).message}`,
      'access_drivers names them: write the file, or leave "rules" out',
    );
  }
  return rulesPolicy(parseRules(text, path, await readAccounts()));
}
