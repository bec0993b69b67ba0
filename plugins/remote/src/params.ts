import { type Uri, VirtError } from "@polyvisor/core";

type Check = (value: string) => boolean;
const anything: Check = () => true;
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value);
const integer: Check = (value) => /^\s*[+-]?\d+$/.test(value);

/** Parameters that are for the client alone; the daemon gets all others. Their names have no case. */
const CLIENT_PARAMS: ReadonlyMap<string, { readonly isValid: Check; readonly words: string }> = new Map([
  ...["name", "command", "socket", "auth", "sshauth", "netcat", "keyfile", "pkipath", "authfile"].map(
    (name) => [name, { isValid: anything, words: "" }] as const,
  ),
  ...["known_hosts", "known_hosts_verify", "tls_priority"].map(
    (name) => [name, { isValid: anything, words: "" }] as const,
  ),
  ...["no_sanity", "no_verify", "no_tty"].map(
    (name) => [name, { isValid: integer, words: `Failed to parse value of URI component ${name}` }] as const,
  ),
  ["mode", { isValid: oneOf("auto", "legacy", "direct"), words: "Unknown remote mode '%s'" }],
  ["proxy", { isValid: oneOf("auto", "netcat", "native"), words: "Unnkown proxy type '%s'" }],
]);

export function isClientParam(name: string): boolean {
  return CLIENT_PARAMS.has(name.toLowerCase());
}

/** The parameters for the client, by their names in lower case. The last of several values counts. Fails with `INVALID_ARG`. */
export function clientParams(uri: Uri): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  for (const [name, value] of uri.params) {
    const param = CLIENT_PARAMS.get(name.toLowerCase());
    if (param === undefined) continue;
    if (!param.isValid(value)) throw invalid(param.words.replace("%s", () => value));
    own.set(name.toLowerCase(), value);
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
