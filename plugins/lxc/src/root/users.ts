import { VirtError } from "@polyvisor/core";
import type { Os } from "@polyvisor/sdk/conf/domain";
import { runHelper } from "@polyvisor/sdk/process";

export interface InitUser {
  readonly uid: number;
  readonly gid: number;
}

/** The most that is read of a container's lists of users and groups, in bytes. */
const MOST = 1 << 20;

/** Whom the container's init runs as; names are those of the container. */
export async function initUser({ inituser, initgroup }: Os, root: string): Promise<InitUser> {
  if (inituser === undefined && initgroup === undefined) return { uid: 0, gid: 0 };
  const needed = [inituser, initgroup].some((name) => name !== undefined && numberOf(name) === undefined);
  const [users, groups] = needed ? await Promise.all([entries(root, "passwd"), entries(root, "group")]) : ["", ""];
  const uid = inituser === undefined ? 0 : (numberOf(inituser) ?? idIn(users, inituser, "user"));
  const gid = initgroup === undefined ? 0 : (numberOf(initgroup) ?? idIn(groups, initgroup, "group"));
  return { uid, gid };
}

/** `+7` is always a number; without the sign it may be one. */
function numberOf(name: string): number | undefined {
  return /^\+?\d{1,10}$/.test(name) ? Number(name) : undefined;
}

/** The id in a line of `/etc/passwd` or `/etc/group`, which have it in the same place. */
export function idIn(text: string, name: string, kind: "user" | "group"): number {
  const line = text.split("\n").find((each) => each.startsWith(`${name}:`));
  const id = /^[^:]*:[^:]*:(\d{1,10})(?::|$)/.exec(line ?? "")?.[1];
  if (id !== undefined) return Number(id);
  throw new VirtError("SYSTEM_ERROR", `Unable to find ${kind} '${name}' in the container`, {
    domain: "LXC",
    hint: `give its number: <init${kind}>+1000</init${kind}>`,
  });
}

async function entries(root: string, file: string): Promise<string> {
  const script = `cd -P -- "$1" && [ -f "etc/${file}" ] && head -c ${MOST} "etc/${file}"`;
  return (await runHelper(["/bin/sh", "-c", script, "sh", root], { maxOutput: MOST + 1 })).stdout;
}
