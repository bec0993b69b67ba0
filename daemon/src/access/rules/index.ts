import { readFile } from "node:fs/promises";
import type { AccessPolicy, PolicyRequest } from "@polyvisor/core";
import { StartError } from "../../startup/start-error.js";
import { readAccounts } from "./accounts.js";
import { parseRules } from "./parse.js";
import { rulesPolicy } from "./policy.js";

/** The policy in a rules file, which may be read again while it is asked. */
export class RulesFile implements AccessPolicy {
  #policy: AccessPolicy;

  private constructor(policy: AccessPolicy) {
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

  allows(request: PolicyRequest): ReturnType<AccessPolicy["allows"]> {
    return this.#policy.allows(request);
  }
}

async function loadRules(path: string): Promise<AccessPolicy> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new StartError(
      `the access rules cannot be read: ${(error as Error).message}`,
      'access_drivers names them: write the file, or leave "rules" out',
    );
  }
  return rulesPolicy(parseRules(text, path, await readAccounts()));
}
