import { type GuestUser, VirtError } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";
import { qemuError } from "../errors.js";

/** What a helper found at a path: nothing that can be read, or the first bytes. */
export type Probe = { readonly error: string } | { readonly head: Buffer };

const DEADLINE = 30_000;

/** A line for each file: `+` and its first bytes, or `-` and why it cannot be read. The open of a FIFO would wait for ever. */
const SCRIPT = `
bytes=$1; shift
for file; do
  if [ -p "$file" ]; then echo '-It is a FIFO'
  elif error=$(head -c 0 -- "$file" 2>&1); then printf '+'; head -c "$bytes" -- "$file" | base64 -w0; echo
  else printf -- '-%s\\n' "\${error##*: }"; fi
done`;

/** Whom a guest will be; `undefined` where that is who we are. Asked for where it matters. */
export type AskUser = () => Promise<GuestUser | undefined>;

const REFUSED = /Permission denied/;

/**
 * Looks at files from a process beside the daemon: they may lie on a file system that hangs. What root is refused, as servers
 * do it, is looked at as the guest's user. Fails with `OPERATION_TIMEOUT` where a file system hangs.
 */
export async function probeFiles(paths: readonly string[], bytes: number, askUser?: AskUser): Promise<Probe[]> {
  const probes = await probe(paths, bytes, []);
  const refused = paths.filter((_, index) => isRefused(probes[index]));
  const user = refused.length === 0 ? undefined : await askUser?.();
  if (user === undefined) return probes;
  const { uid, gid, groups } = user;
  const asUser = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups.join(",")}`, "--"];
  const again = await probe(refused, bytes, asUser);
  return probes.map((found, index) =>
    isRefused(found) ? (again[refused.indexOf(paths[index] ?? "")] ?? found) : found,
  );
}

function isRefused(probe: Probe | undefined): boolean {
  return probe !== undefined && "error" in probe && REFUSED.test(probe.error);
}

async function probe(paths: readonly string[], bytes: number, before: readonly string[]): Promise<Probe[]> {
  if (paths.length === 0) return [];
  const [program = "", ...words] = [...before, "/bin/sh", "-c", SCRIPT, "probe", String(bytes), ...paths];
  const maxOutput = paths.length * (bytes * 2 + 1024);
  const { stdout } = await runHelper([program, ...words], { deadline: DEADLINE, maxOutput }).catch((error: unknown) => {
    throw error instanceof VirtError && error.code === "OPERATION_TIMEOUT" ? hung(paths, error) : error;
  });
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => (line[0] === "+" ? { head: Buffer.from(line.slice(1), "base64") } : { error: line.slice(1) }));
}

function hung(paths: readonly string[], cause: VirtError): VirtError {
  const files = paths.map((path) => `'${path}'`).join(", ");
  return qemuError("OPERATION_TIMEOUT", `storage did not answer within ${DEADLINE / 1000} s: ${files}`, {
    hint: "the file system of the file, or of one of the files, hangs",
    cause,
  });
}
