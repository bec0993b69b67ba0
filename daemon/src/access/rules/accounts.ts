import { readFile } from "node:fs/promises";

/** The users and groups of this host, as far as its files tell. */
export interface Accounts {
  uidOf(name: string): number | undefined;
  groupOf(name: string): { readonly gid: number; readonly members: ReadonlySet<number> } | undefined;
}

/** From the texts of /etc/passwd and /etc/group. */
export function accountsOf(passwd: string, group: string): Accounts {
  const users = linesOf(passwd).map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
  const groups = linesOf(group).map(([name = "", , gid, members = ""]) => ({ name, gid: Number(gid), members }));
  const numberOf = (name: string) => (/^[0-9]+$/.test(name) ? Number(name) : undefined);
  const uidOf = (name: string) => users.find((user) => user.name === name)?.uid ?? numberOf(name);
  return {
    uidOf,
    groupOf(name) {
      const found = groups.find((each) => each.name === name || each.gid === numberOf(name));
      const gid = found?.gid ?? numberOf(name);
      if (gid === undefined) return undefined;
      const named = (found?.members.split(",") ?? []).map(uidOf).filter((uid) => uid !== undefined);
      const primary = users.filter((user) => user.gid === gid).map(({ uid }) => uid);
      return { gid, members: new Set([...named, ...primary]) };
    },
  };
}

export async function readAccounts(): Promise<Accounts> {
  const [passwd, group] = await Promise.all(["/etc/passwd", "/etc/group"].map((path) => readFile(path, "utf8")));
  return accountsOf(passwd ?? "", group ?? "");
}

function linesOf(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}
