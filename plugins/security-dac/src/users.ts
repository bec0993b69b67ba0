import { VirtError } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The fields of a line of a database of users or groups. */
type Entry = readonly string[];

/** Where users and groups are looked up. */
export interface Lookup {
  entry(database: "passwd" | "group", key: string): Promise<Entry | undefined>;
  /** All groups of a user. */
  groups(name: string): Promise<readonly number[]>;
}

/** Name services may be servers, and hang. */
const DEADLINE = 10_000;
/** What a name means may change, but not from one moment to the next. In milliseconds. */
const KEPT = 5_000;
/** Whom guests run as where the operator does not say: the first of these that the host has. */
const USUAL = ["libvirt-qemu", "qemu", "nobody"] as const;
/** An account that is nobody's own: other programs run as it, too. */
const SHARED = "nobody";
/** The group that may open /dev/kvm, which accounts for guests are in and that one is not. */
const KVM = "kvm";

/** Whom guests run as, and the account's name where it is one that they share with others. */
export interface UsualOwner extends Owner {
  readonly sharedAccount?: string;
}

/** The host's users and groups. */
export class Users {
  readonly #known = new Map<string, Promise<Entry | undefined>>();
  readonly #groups = new Map<string, Promise<readonly number[]>>();
  readonly #lookup: Lookup;

  constructor(lookup: Lookup = NAME_SERVICES) {
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
   * is called as the user, as libvirt's is, or the user's first one; that of an account which is no guest's own, kvm.
   */
  async usual(user: string, group: string): Promise<UsualOwner> {
    if (user !== "") return this.#named(user, group);
    for (const name of USUAL) {
      if ((await this.#find("passwd", name)) === undefined) continue;
      if (name !== SHARED) return this.#named(name, group);
      const kvm = group === "" && (await this.#find("group", KVM)) !== undefined ? KVM : group;
      return { ...(await this.#named(name, kvm)), sharedAccount: name };
    }
    throw noUser();
  }

  async #named(user: string, group: string): Promise<Owner> {
    const found = await this.#find("passwd", user.replace(/^\+/, ""));
    if (found === undefined) {
      const uid = await this.#idOf("passwd", user, `Failed to parse user '${user}'`);
      return this.#withGroup(uid, group === "" ? `+${uid}` : group);
    }
    const [own = "", , uid, gid] = found;
    if (group !== "") return this.#withGroup(Number(uid), group);
    const isGroup = (await this.#find("group", own)) !== undefined;
    return this.#withGroup(Number(uid), isGroup ? own : `+${gid}`);
  }

  /** The groups that the user has beside the first one. A user without a name has none. */
  async groupsOf({ uid, gid }: Owner): Promise<number[]> {
    const name = (await this.#find("passwd", String(uid)))?.[0];
    return name === undefined ? [gid] : [...new Set([gid, ...(await this.#groupsOfName(name))])];
  }

  #groupsOfName(name: string): Promise<readonly number[]> {
    return kept(this.#groups, name, () => this.#lookup.groups(name));
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

  #find(database: "passwd" | "group", key: string): Promise<Entry | undefined> {
    return kept(this.#known, `${database} ${key}`, () => this.#lookup.entry(database, key));
  }
}

function kept<T>(known: Map<string, Promise<T>>, key: string, look: () => Promise<T>): Promise<T> {
  const answer = known.get(key);
  if (answer !== undefined) return answer;
  const found = look();
  known.set(key, found);
  const forget = () => known.delete(key);
  found.then(() => setTimeout(forget, KEPT).unref(), forget);
  return found;
}

/** The host's name services. */
const NAME_SERVICES: Lookup = {
  /** An empty or odd word is nobody's name. */
  async entry(database, key) {
    if (key === "" || key.startsWith("-") || /[\0\n:]/.test(key)) return undefined;
    const { status, stdout } = await runHelper(["getent", database, key], { deadline: DEADLINE });
    return status === 0 ? stdout.trim().split(":") : undefined;
  },
  async groups(name) {
    const { status, stdout } = await runHelper(["id", "-G", "--", name], { deadline: DEADLINE });
    return status === 0 ? stdout.trim().split(/\s+/).map(Number) : [];
  },
};

function invalid(detail: string): VirtError {
  return new VirtError("INVALID_ARG", detail, {
    domain: "SECURITY",
    hint: "write USER:GROUP, by names or as numbers: +UID:+GID",
  });
}

/** What an operator does about a host without an account for guests. */
export const OWN_ACCOUNT =
  "make guests an account of their own: useradd --system --user-group --groups kvm --shell /usr/sbin/nologin libvirt-qemu";

function noUser(): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", `this host has none of the users ${USUAL.join(", ")}`, {
    domain: "SECURITY",
    hint: `${OWN_ACCOUNT}, or set 'user' in plugins/security-dac.conf`,
  });
}
