import { readFile } from "node:fs/promises";
import type { AccessPolicy } from "@polyvisor/core";
import { StartError } from "../../startup/start-error.js";
import { readAccounts } from "./accounts.js";
import { parseRules } from "./parse.js";
import { rulesPolicy } from "./policy.js";

/** The policy in a rules file. Throws a `StartError` where it cannot be read or has a mistake. */
export async function loadRules(path: string): Promise<AccessPolicy> {
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
