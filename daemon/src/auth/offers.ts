import type { CallContext, Host, Log, LoginMechanisms } from "@polyvisor/core";
import { saslMechanisms } from "@polyvisor/sdk/login";
import { SettingError } from "../startup/start-error.js";
import type { LoginOffer } from "./login.js";
import { scramSha256 } from "./sasl/scram.js";
import type { UsersFile } from "./sasl/users.js";

/** What SASL mechanisms are made of. */
export interface SaslParts {
  readonly users: UsersFile;
  readonly host: Pick<Host, "plugins" | "provider">;
  readonly log: Log;
}

const OWN = "SCRAM-SHA-256";

/** What a name of SASL may look like (RFC 4422). */
const NAME = /^[A-Z0-9_-]{1,20}$/;

/**
 * The mechanisms that the settings name, in their order: SCRAM-SHA-256 by the file of users, and those of plugins that
 * provide `auth.v1`. Plugins are imported only where a name is not our own. Throws a `StartError` where there is none of a
 * name, or where nobody could log in.
 */
export async function saslOffers(names: readonly string[], parts: SaslParts): Promise<LoginOffer[]> {
  if (names.includes(OWN)) await parts.users.check();
  const own = saslMechanisms([scramSha256((name) => parts.users.find(name))]);
  const others = names.every((name) => name === OWN) ? new Map() : await mechanismsOfPlugins(parts);
  return names.map((mechanism) => {
    const by = mechanism === OWN ? own : others.get(mechanism);
    if (by !== undefined) return { mechanism, by };
    const here = [OWN, ...others.keys()].join(", ");
    throw new SettingError("sasl_mechanisms", `nothing here logs anybody in by ${mechanism}`, `there is ${here}`);
  });
}

/** A plugin that is broken offers nothing; its state says why. */
async function mechanismsOfPlugins({ host, log }: SaslParts): Promise<Map<string, LoginMechanisms>> {
  const found = new Map<string, LoginMechanisms>();
  for (const { name, contracts, state } of host.plugins()) {
    if (!contracts.includes("auth.v1") || state === "disabled") continue;
    try {
      const by = await host.provider("auth.v1", name);
      for (const mechanism of await by.mechanisms({}, ownContext(log)))
        if (NAME.test(mechanism) && !found.has(mechanism)) found.set(mechanism, by);
    } catch (error) {
      log.error({ plugin: name, err: error }, "a plugin's login mechanisms cannot be used");
    }
  }
  return found;
}

/** Of what the daemon itself asks. */
export function ownContext(log: Log): CallContext {
  const { signal } = new AbortController();
  return { identity: { uid: process.getuid?.() ?? 0, pid: process.pid }, readOnly: false, signal, log };
}
