import type { AccessPolicy, Host, Log, MaybePromise, PolicyRequest } from "@polyvisor/core";
import type { PolkitAuthority } from "../auth/polkit.js";
import { SettingError } from "../startup/start-error.js";
import { answerForAll, type GeneralPolicy, type GeneralQuestion } from "./for-all.js";
import { polkitPolicy, whyNoPolkit } from "./polkit.js";
import type { RulesFile } from "./rules/index.js";

/** What decides on access in a daemon. */
export interface Access {
  /** Without one everything is allowed. */
  readonly policy?: AccessPolicy;
  /** The rules among it, which may be read again. */
  readonly rules?: RulesFile;
}

/** What access drivers are made of. */
export interface AccessParts {
  readonly host: Pick<Host, "provider">;
  readonly authority: PolkitAuthority;
  readonly log: Log;
  /** Where the rules are, if they are wanted. */
  readonly rulesPath: string;
}

/**
 * The access drivers that the settings name: "rules", "polkit", or a plugin that provides `policy.v1`. Throws a `StartError`
 * where one of them cannot be had.
 */
export async function accessOf(drivers: readonly string[], parts: AccessParts): Promise<Access> {
  const rules = drivers.includes("rules") ? await openRules(parts.rulesPath) : undefined;
  const policies: AccessPolicy[] = [];
  for (const name of drivers) {
    if (name === "rules" && rules !== undefined) policies.push(rules);
    else if (name === "polkit") {
      policies.push(polkitPolicy(parts.authority));
      void warnOfPolkit(parts);
    } else policies.push(await policyOfPlugin(name, parts));
  }
  const policy = policies.length > 1 ? allOf(policies) : policies[0];
  return { ...(policy && { policy }), ...(rules && { rules }) };
}

async function openRules(path: string): Promise<RulesFile> {
  const { RulesFile } = await import("./rules/index.js");
  return RulesFile.open(path);
}

/** It may come later, so this keeps no daemon from its start. */
async function warnOfPolkit({ authority, log }: AccessParts): Promise<void> {
  const why = await whyNoPolkit(authority);
  if (why === undefined) return;
  const { message, hint } = why;
  log.warn({ hint }, `polkit is to decide on access, but as it is now everybody but root is refused: ${message}`);
}

async function policyOfPlugin(name: string, { host, log }: AccessParts): Promise<AccessPolicy> {
  const { signal } = new AbortController();
  try {
    const by = await host.provider("policy.v1", name);
    return {
      allows: (request) => by.allows(request, { identity: request.identity, readOnly: false, signal, log }),
    };
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    throw new SettingError(
      "access_drivers",
      `"${name}" cannot be used: ${message}`,
      `it may name "rules", "polkit" and plugins that provide policy.v1${hint === undefined ? "" : `; ${hint}`}`,
    );
  }
}

/** Asks one policy after the other, until one refuses. */
export function allOf(policies: readonly AccessPolicy[]): GeneralPolicy {
  const askFrom = (index: number, request: PolicyRequest): MaybePromise<boolean> => {
    const policy = policies[index];
    if (policy === undefined) return true;
    const answer = policy.allows(request);
    if (answer instanceof Promise) return answer.then((allowed) => allowed && askFrom(index + 1, request));
    return answer && askFrom(index + 1, request);
  };
  const ofAll = (question: GeneralQuestion) => {
    const answers = policies.map((policy) => answerForAll(policy, question));
    return answers.includes(false) ? false : answers.includes(undefined) ? undefined : true;
  };
  return { allows: (request) => askFrom(0, request), ofAll };
}
