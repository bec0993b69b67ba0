import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";

type Groups = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The files that may hold names and passwords. One that the environment or the URI names must be there. */
export function authFiles(named: string | undefined, env: NodeJS.ProcessEnv, uid: number): readonly string[] {
  const only = env.LIBVIRT_AUTH_FILE ?? named;
  if (only !== undefined) return [only];
  const ofSystem = "/etc/libvirt/auth.conf";
  if (uid === 0) return [ofSystem];
  return [join(env.XDG_CONFIG_HOME ?? join(env.HOME ?? "/", ".config"), "libvirt/auth.conf"), ofSystem];
}

/**
 * What the first of the files that exists says of a service on a host: the items of its credentials. Empty where none says
 * anything. `service` is what libvirt calls it: `libvirt` for daemons, `esx` and `hyperv` for what their drivers reach.
 */
export async function credentialsFor(
  host: string,
  files: readonly string[],
  service = "libvirt",
): Promise<ReadonlyMap<string, string>> {
  for (const file of files) {
    try {
      return lookUp(parseKeyFile(await readFile(file, "utf8")), service, host, file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof VirtError || (code !== "ENOENT" && code !== "EACCES")) throw error;
      if (files.length === 1 && file !== "/etc/libvirt/auth.conf") throw unreadable(file, error);
    }
  }
  return new Map();
}

/** The host's own group counts, and the one for all hosts where it has none. */
function lookUp(groups: Groups, service: string, host: string, file: string): ReadonlyMap<string, string> {
  const name = [`auth-${service}-${host}`, `auth-${service}-default`].find((group) => groups.has(group));
  if (name === undefined) return new Map();
  const credentials = groups.get(name)?.get("credentials");
  if (credentials === undefined) throw faulty(`Missing item 'credentials' in group '${name}' in '${file}'`);
  const found = groups.get(`credentials-${credentials}`);
  if (found === undefined)
    throw faulty(`Missing group 'credentials-${credentials}' referenced from group '${name}' in '${file}'`);
  return found;
}

/** Groups in brackets, each with lines of `item=value`. What is neither is skipped. */
export function parseKeyFile(text: string): Groups {
  const groups = new Map<string, Map<string, string>>();
  let items = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const group = /^\[([^\]]+)\]\s*$/.exec(line)?.[1];
    const item = /^\s*([^#[=\s][^=]*?)\s*=\s*(.*)$/.exec(line);
    if (group !== undefined) {
      items = groups.get(group) ?? new Map();
      groups.set(group, items);
    } else if (item !== null) items.set(item[1] ?? "", unescaped(item[2] ?? ""));
  }
  return groups;
}

const ESCAPES: Record<string, string> = { s: " ", n: "\n", t: "\t", r: "\r", "\\": "\\" };

function unescaped(value: string): string {
  return value.replace(/\\([sntr\\])/g, (_, letter: string) => ESCAPES[letter] ?? "");
}

function faulty(detail: string): VirtError {
  return new VirtError("CONF_SYNTAX", detail, { domain: "AUTH" });
}

function unreadable(file: string, cause: unknown): VirtError {
  return new VirtError("SYSTEM_ERROR", `Failed to open file '${file}'`, {
    domain: "AUTH",
    hint: "authfile= of the URI or LIBVIRT_AUTH_FILE names the file with names and passwords",
    cause,
  });
}
