import { type CallContext, type Identity, VirtError } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";

/** The longest document, in bytes. */
const MOST = 4 * 1024 * 1024;
/** base64 makes four bytes of three. */
const MOST_OUTPUT = Math.ceil((MOST + 1) / 3) * 4;

/** One byte more than the most is read, so that a longer file is known for one. Only what has an end is opened. */
const READ = `test -e "$2" || { echo "No such file or directory" >&2; exit 1; }
test -f "$2" || { echo "it is no regular file" >&2; exit 1; }
head -c "$1" -- "$2" | base64 -w0`;

/**
 * Reads a file that a client named, with the client's own rights and in a helper: the path may lead to a mount that hangs,
 * or to something that never ends. Throws `OPERATION_DENIED` where nobody knows whose rights those would be, `XML_ERROR`
 * in libvirt's words where the file cannot be read, `OPERATION_TIMEOUT` after some seconds.
 */
export async function readClientFile(path: string, { identity, signal }: CallContext): Promise<Buffer> {
  const [program = "/bin/sh", ...args] = [...rightsOf(identity), "/bin/sh", "-c", READ, "read", String(MOST + 1), path];
  const { stdout, stderr } = await runHelper([program, ...args], { signal, maxOutput: MOST_OUTPUT });
  if (stderr !== "") throw unreadable(path, stderr.trim().split(": ").at(-1) ?? "");
  const bytes = Buffer.from(stdout, "base64");
  if (bytes.length > MOST) throw unreadable(path, `it is longer than ${MOST} bytes`);
  return bytes;
}

/** What a command begins with that is to have the client's rights. Groups beside the client's first one do not count. */
function rightsOf({ uid, gid }: Identity): readonly string[] {
  const own = process.getuid?.() ?? 0;
  if (uid === undefined) throw denied("the client's user is not known here", "come by the daemon's unix socket");
  if (uid === own || uid === 0) return [];
  if (own !== 0 || gid === undefined) throw denied(`the daemon cannot act for user ${uid}`, "use a daemon of your own");
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--no-new-privs"];
}

function denied(reason: string, hint: string): VirtError {
  return new VirtError("OPERATION_DENIED", `files of clients are read with the client's rights, and ${reason}`, {
    domain: "TEST",
    hint,
  });
}

function unreadable(path: string, reason: string): VirtError {
  return new VirtError("XML_ERROR", `failed to parse xml document '${path}'`, { domain: "TEST", hint: reason });
}
