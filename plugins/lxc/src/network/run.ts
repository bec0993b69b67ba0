import { VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import { type HelperResult, runHelper } from "@polyvisor/sdk/process";
import type { NetworkPlan, Step } from "./plan.js";

/** In milliseconds. The kernel may wait long for the last user of a device that goes. */
const DEADLINE = 30_000;

/** Each tool runs once for all its lines, in one shell; the last word that it says is the tool that failed. */
const RUN = `
set -e
links=$2 shaping=$3 ports=$4 inside=$5
if [ "$6" = new ]; then echo unshare; : > "$1"; fi
if [ "$6" = new ] && [ -z "$7" ]; then unshare --net="$1" true; fi
if [ "$6" = new ] && [ -n "$7" ]; then
  : > "$1.users"; mkfifo "$1.go" "$1.ready"
  unshare --user --net -- /bin/sh -c 'echo ready; read -r go' <"$1.go" >"$1.ready" &
  exec 8>"$1.go"
  read -r ready <"$1.ready"
  printf %s "$7" >"/proc/$!/uid_map"
  printf %s "$8" >"/proc/$!/gid_map"
  mount --bind "/proc/$!/ns/user" "$1.users"
  mount --bind "/proc/$!/ns/net" "$1"
  exec 8>&-
  rm -f "$1.go" "$1.ready"
fi
if [ -n "$links" ]; then echo links; printf %s "$links" | ip -batch -; fi
if [ -n "$shaping" ]; then echo shaping; printf %s "$shaping" | tc -batch -; fi
if [ -n "$ports" ]; then echo ports; printf %s "$ports" | bridge -batch -; fi
if [ -n "$inside" ]; then echo inside; printf %s "$inside" | nsenter --net="$1" ip -batch -; fi
`;

/**
 * The kernel would remove the devices of a namespace, and with them their ends on the host, in its own time: here they are gone
 * when this has ended.
 */
const EMPTY = `
if [ -n "$1" ]; then printf %s "$1" | ip -force -batch -; fi
while IFS=": " read -r name rest; do
  case $name in lo | Inter-* | face) ;; *) ip link del dev "$name" ;; esac
done < /proc/self/net/dev
`;

const END = `
if [ -e "$1" ]; then
  nsenter --net="$1" /bin/sh -c "$3" sh "$2" 2>/dev/null
  umount -l "$1" 2>/dev/null
  rm -f "$1"
fi
if [ -e "$1.users" ]; then
  umount -l "$1.users" 2>/dev/null
  rm -f "$1.users"
fi
`;

/** The namespace of a plan: one that is there, or a new one, which belongs to one of mapped users where there are any. */
export type NamespaceWanted = "there" | { readonly users: Config["idmap"] };

/** Where the namespace of mapped users is pinned to which the one at `path` belongs. */
export function usersOf(path: string): string {
  return `${path}.users`;
}

function mapsOf(users: Config["idmap"]): string[] {
  if (users === undefined) return [];
  return [users.uid, users.gid].map((maps) =>
    maps.map(({ start, target, count }) => `${start} ${target} ${count}\n`).join(""),
  );
}

/** A device has the name of another: it may have come between the look and the making. */
export class NameTaken extends Error {}

/**
 * Does what is planned for the namespace at `path`, which may be made for it first. Fails with what was wrong, and leaves what
 * had been done by then. Fails with `NameTaken` where a card of the host has the name of one that was to be made.
 */
export async function runPlan(path: string, plan: NetworkPlan, namespace: NamespaceWanted): Promise<void> {
  const { links, shaping, ports, inside } = plan;
  const texts = [links, shaping, ports, inside].map(textOf);
  const wanted = namespace === "there" ? [namespace] : ["new", ...mapsOf(namespace.users)];
  const result = await runHelper(["/bin/sh", "-c", RUN, "sh", path, ...texts, ...wanted], { deadline: DEADLINE });
  if (result.status !== 0) throw failureOf(result, plan);
}

/** Does the lines in a namespace, removes the devices that are in it then, and unpins it. What is gone already does no harm. */
export async function unpin(path: string, lines: readonly string[]): Promise<void> {
  const text = textOf(lines.map((line) => ({ line, failure: "" })));
  await runHelper(["/bin/sh", "-c", END, "sh", path, text, EMPTY], { deadline: DEADLINE });
}

/** Runs lines in a namespace or, without one, on the host, each for itself: one that fails does not keep the others. */
export async function runLines(lines: readonly string[], path?: string): Promise<HelperResult> {
  const enter = path === undefined ? "" : `nsenter --net="$1" `;
  const script = `printf %s "$2" | ${enter}ip -force -batch -`;
  const text = textOf(lines.map((line) => ({ line, failure: "" })));
  return runHelper(["/bin/sh", "-c", script, "sh", path ?? "", text], { deadline: DEADLINE });
}

function textOf(steps: readonly Step[]): string {
  return steps.map(({ line }) => `${line}\n`).join("");
}

function failureOf({ stdout, stderr }: HelperResult, plan: NetworkPlan): Error {
  const tool = stdout.trimEnd().split("\n").at(-1) ?? "";
  const number = Number(/Command failed -:(\d+)/.exec(stderr)?.[1] ?? Number.NaN);
  const steps = tool === "unshare" ? [] : plan[tool as keyof NetworkPlan];
  const failed = steps?.[number - 1] ?? steps?.find(({ line }) => line.split(" ").includes(wrongWordIn(stderr)));
  const reason = reasonOf(stderr);
  if (failed?.line.startsWith("link add name") && reason === "File exists") return new NameTaken(failed.line);
  const detail = failed === undefined ? "Unable to make the network of the container" : failed.failure;
  return new VirtError("SYSTEM_ERROR", `${detail}: ${reason}`, { domain: "LXC", hint: HINTS[reason] ?? stderr.trim() });
}

/** A tool that does not understand a word says which, but not of which line. */
function wrongWordIn(stderr: string): string {
  return /argument "([^"]+)" is wrong/.exec(stderr)?.[1] ?? "";
}

const HINTS: Readonly<Record<string, string>> = {
  "No such device": "make the device first, or name another",
  "Operation not permitted": "networks of containers need root's rights over the host's network",
  "not found": "install iproute2 and util-linux",
};

function reasonOf(stderr: string): string {
  if (/Cannot find device|Device does not exist|Nexthop device is not there/.test(stderr)) return "No such device";
  if (/not found$/m.test(stderr)) return "not found";
  const [, reason] = /RTNETLINK answers: (.+)/.exec(stderr) ?? /Error: (.+)/.exec(stderr) ?? [];
  return reason?.replace(/\.$/, "") ?? stderr.trim().split("\n")[0] ?? "";
}
