/**
 * A program of its own: makes or removes a device's node in a container that runs. Whatever the container has made of its files,
 * no path of the host is touched, and where its file system hangs only this process does.
 *
 *   place-node.js add PID PATH MODE DEVICE
 *   place-node.js remove PID PATH
 */
import { constants, mkdirSync, openSync, unlinkSync } from "node:fs";
import { makeNode, systemCall } from "@polyvisor/sdk/process";

/** The same on every architecture. */
const SYS_OPENAT2 = 437;
/** Links and `..` stay below the container's root; no link of the kernel's leads out of it. */
const RESOLVE_IN_ROOT = 0x10;
const RESOLVE_NO_MAGICLINKS = 0x02;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const ENOENT = 2;

const [action, pid = "", path = "", mode = "", device = ""] = process.argv.slice(2);
const root = openSync(`/proc/${Number(pid)}/root`, O_PATH | constants.O_DIRECTORY);
const parts = path.split("/").filter((part) => part !== "");
const name = parts.pop() ?? "";
try {
  const place = `/proc/self/fd/${folder(parts)}/${name}`;
  if (action === "add") makeNode(place, Number(mode), Number(device));
  else unlinkSync(place);
} catch (error) {
  if (action !== "remove" || codeOf(error) !== "ENOENT") {
    process.stderr.write(`${codeOf(error)}\n`);
    process.exitCode = 1;
  }
}

/** A descriptor of a folder in the container, which is made where it is not there. */
function folder(names: readonly string[]): number {
  try {
    return open(names.join("/"));
  } catch (error) {
    const last = names.at(-1);
    if (action !== "add" || last === undefined || codeOf(error) !== "ENOENT") throw error;
    mkdirSync(`/proc/self/fd/${folder(names.slice(0, -1))}/${last}`, 0o755);
    return open(names.join("/"));
  }
}

function open(inside: string): number {
  const how = new BigUint64Array([
    BigInt(O_PATH | constants.O_DIRECTORY | O_CLOEXEC),
    0n,
    BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS),
  ]);
  return systemCall(
    "openat2",
    SYS_OPENAT2,
    root,
    Buffer.from(`${inside === "" ? "." : inside}\0`),
    Buffer.from(how.buffer),
    how.byteLength,
  );
}

function codeOf(error: unknown): string {
  const { code, errno } = error as { readonly code?: string; readonly errno?: number };
  return errno === ENOENT ? "ENOENT" : (code ?? `errno ${errno}`);
}
