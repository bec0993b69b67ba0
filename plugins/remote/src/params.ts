import { type Uri, VirtError } from "@polyvisor/core";
import { isWayParam, type WayParam } from "@polyvisor/sdk/rpc";

type Check = (value: string) => boolean;
const anything: Check = () => true;
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value);
const integer: Check = (value) => /^\s*[+-]?\d+$/.test(value);

interface Rule {
  readonly isValid: Check;
  /** What is said of a value that is not, with the value in the place of `%s`. */
  readonly words: string;
}

const ANYTHING: Rule = { isValid: anything, words: "" };
const number = (name: string): Rule => ({
  isValid: integer,
  words: `Failed to parse value of URI component ${name}`,
});

/** What each parameter for the client may be; the daemon gets all others. */
const RULES: Readonly<Record<WayParam, Rule>> = {
  name: ANYTHING,
  command: ANYTHING,
  socket: ANYTHING,
  auth: ANYTHING,
  sshauth: ANYTHING,
  netcat: ANYTHING,
  keyfile: ANYTHING,
  pkipath: ANYTHING,
  authfile: ANYTHING,
  known_hosts: ANYTHING,
  known_hosts_verify: ANYTHING,
  tls_priority: ANYTHING,
  no_sanity: number("no_sanity"),
  no_verify: number("no_verify"),
  no_tty: number("no_tty"),
  mode: { isValid: oneOf("auto", "legacy", "direct"), words: "Unknown remote mode '%s'" },
  proxy: { isValid: oneOf("auto", "netcat", "native"), words: "Unnkown proxy type '%s'" },
};

/** The parameters for the client, by their names in lower case. The last of several values counts. Fails with `INVALID_ARG`. */
export function clientParams(uri: Uri): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  for (const [name, value] of uri.params) {
    if (!isWayParam(name)) continue;
    const known = name.toLowerCase() as WayParam;
    const { isValid, words } = RULES[known];
    if (!isValid(value)) throw invalid(words.replace("%s", () => value));
    own.set(known, value);
  }
  return own;
}

/** Whether a parameter such as `no_verify` is set. */
export function isSet(params: ReadonlyMap<string, string>, name: string): boolean {
  return Number(params.get(name) ?? 0) !== 0;
}

export function invalid(detail: string, hint?: string): VirtError {
  return new VirtError("INVALID_ARG", detail, { domain: "REMOTE", ...(hint === undefined ? {} : { hint }) });
}
