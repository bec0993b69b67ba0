import { VirtError } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The fields of a line of a database of users or groups. */
type Lookup = (database: "passwd" | "group", key: string) => Promise<readonly string[] | undefined>;

/** Name services may be servers, and hang. */
const DEADLINE = 10_000;
/** What a name means may change, but not from one moment to the next. In milliseconds. */
const KEPT = 5_000;
/** Whom guests run as where the operator does not say: the first of these that the host has. */
const USUAL = ["libvirt-qemu", "qemu", "nobody"] as const;

/** The host's users and groups. */
export class Users {
  readonly #known = new Map<string, Promise<readonly string[] | undefined>>();
  readonly #lookup: Lookup;

  constructor(lookup: Lookup = getent) {
    this.#lookup = lookup;
  }

  /**
   * Reads `USER:GROUP`, each a name, or a number behind a `+`. A number without one may be a name, too. Fails with
   * `INVALID_ARG` in libvirt's words.
   */
  async ownerOf(label: string): Promise<Owner> {
    const at = label.indexOf(":");
    if (at < 0) throw invalid(`Failed to parse uid and gid from '${label}'`);
    const [user, group] = [label.slice(0, at), label.slice(at + 1)];
    const [uid, gid] = await Promise.all([
      this.#idOf("passwd", user, `Failed to parse user '${user}'`),
      this.#idOf("group", group, `Failed to parse group '${group}'`),
    ]);
    return { uid, gid };
  }

  /**
   * Whom guests run as that want nobody in particular. An empty user is the host's usual one; an empty group is the one that
   * is called as the user, as libvirt's is, or the user's first one.
   */
  async usual(user: string, group: string): Promise<Owner> {
    for (const name of user === "" ? USUAL : [user]) {
      const found = await this.#find("passwd", name.replace(/^\+/, ""));
      if (found === undefined) continue;
      const [own = "", , uid, gid] = found;
      const first = (await this.#find("group", own)) === undefined ? `+${gid}` : own;
      return this.#withGroup(Number(uid), group === "" ? first : group);
    }
    if (user === "") throw noUser();
    const uid = await this.#idOf("passwd", user, `Failed to parse user '${user}'`);
    return this.#withGroup(uid, group === "" ? `+${uid}` : group);
  }

  /** The groups that the user has beside the first one. A user without a name has none. */
  async groupsOf({ uid, gid }: Owner): Promise<number[]> {
    const name = (await this.#find("passwd", String(uid)))?.[0];
    if (name === undefined) return [gid];
    const { status, stdout } = await runHelper(["id", "-G", "--", name], { deadline: DEADLINE });
    const groups = status === 0 ? stdout.trim().split(/\s+/).map(Number) : [];
    return [...new Set([gid, ...groups])];
  }

  async #withGroup(uid: number, group: string): Promise<Owner> {
    return { uid, gid: await this.#idOf("group", group, `Failed to parse group '${group}'`) };
  }

  async #idOf(database: "passwd" | "group", word: string, refusal: string): Promise<number> {
    const found = word.startsWith("+") ? undefined : await this.#find(database, word);
    const number = found?.[2] ?? word.replace(/^\+/, "");
    if (!/^\d{1,10}$/.test(number) || Number(number) >= 2 ** 32 - 1) throw invalid(refusal);
    return Number(number);
  }

  #find(database: "passwd" | "group", key: string): Promise<readonly string[] | undefined> {
    const name = `${database} ${key}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = this.#lookup(database, key);
    this.#known.set(name, found);
    const forget = () => this.#known.delete(name);
    found.then(() => setTimeout(forget, KEPT).unref(), forget);
    return found;
  }
}

/** Asks the host's name services. An empty or odd word is nobody's name. */
async function getent(database: "passwd" | "group", key: string): Promise<readonly string[] | undefined> {
  if (key === "" || key.startsWith("-") || /[\0\n:]/.test(key)) return undefined;
  const { status, stdout } = await runHelper(["getent", database, key], { deadline: DEADLINE });
  return status === 0 ? stdout.trim().split(":") : undefined;
}

function invalid(detail: string): VirtError {
  return new VirtError("INVALID_ARG", detail, {
    domain: "SECURITY",
    hint: "write USER:GROUP, by names or as numbers: +UID:+GID",
  });
}

function noUser(): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", `this host has none of the users ${USUAL.join(", ")}`, {
    domain: "SECURITY",
    hint: "set 'user' in plugins/security-dac.conf",
  });
}
