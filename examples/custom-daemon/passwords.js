import { timingSafeEqual } from "node:crypto";

/**
 * SASL's PLAIN: the client says its name and its password. Fit for sockets of one machine only, since both can be read on the way.
 *
 * @param {ReadonlyMap<string, string>} users passwords by name
 * @returns {import("@polyvisor/sdk/login").SaslMechanism}
 */
export function passwords(users) {
  return { name: "PLAIN", begin: () => ({ respond: async (words) => answer(users, words) }) };
}

function answer(users, words) {
  const [, name = "", password = ""] = words.split("\0");
  if (!isSame(users.get(name) ?? "", password)) throw new Error(`wrong password of ${JSON.stringify(name)}`);
  return { words: "", name };
}

function isSame(wanted, given) {
  const [a, b] = [Buffer.from(wanted), Buffer.from(given)];
  return a.length > 0 && a.length === b.length && timingSafeEqual(a, b);
}
