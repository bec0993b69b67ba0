import type { SecureVersion } from "node:tls";

/** The versions of TLS that one side speaks. */
export interface TlsVersions {
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
}

const VERSIONS: readonly SecureVersion[] = ["TLSv1.2", "TLSv1.3"];

/** Versions that GnuTLS names and nobody should speak: to take them away is allowed, to add them is not. */
const OLD = new Set(["SSL3.0", "TLS1.0", "TLS1.1"]);

/** What of GnuTLS's priority strings can be said of our TLS, for the person who wrote another. */
export const PRIORITY_WORDS =
  'must be "NORMAL", followed by versions to leave out or to take in, such as "NORMAL:-VERS-TLS1.2" or "NORMAL:-VERS-ALL:+VERS-TLS1.3"';

/** The versions that a priority string leaves. `undefined` where it says what cannot be done here, or leaves none. */
export function versionsOf(priority: string): TlsVersions | undefined {
  const [first, ...rest] = priority.split(":");
  if (first !== "NORMAL") return undefined;
  const spoken = new Set(VERSIONS);
  for (const word of rest) if (!apply(word, spoken)) return undefined;
  const left = VERSIONS.filter((version) => spoken.has(version));
  const [minVersion, maxVersion] = [left[0], left.at(-1)];
  return minVersion === undefined || maxVersion === undefined ? undefined : { minVersion, maxVersion };
}

function apply(word: string, spoken: Set<SecureVersion>): boolean {
  const [, sign, name = ""] = /^([-+])VERS-(.+)$/.exec(word) ?? [];
  const takes = sign === "+";
  if (name === "ALL" || name === "TLS-ALL") for (const version of VERSIONS) change(spoken, version, takes);
  else if (OLD.has(name)) return sign === "-";
  else {
    const version = VERSIONS.find((known) => known === name.replace("TLS", "TLSv"));
    if (version === undefined) return false;
    change(spoken, version, takes);
  }
  return sign !== undefined;
}

function change(spoken: Set<SecureVersion>, version: SecureVersion, takes: boolean): void {
  if (takes) spoken.add(version);
  else spoken.delete(version);
}
