import test from "ava";
import { Users } from "./users.js";

/** A host with a few users and groups. */
const DATABASES = {
  passwd: [
    ["libvirt-qemu", "x", "64055", "107"],
    ["odd", "x", "7", "8"],
    ["9", "x", "99", "9"],
  ],
  group: [
    ["libvirt-qemu", "x", "64055"],
    ["kvm", "x", "107"],
    ["odd group", "x", "8"],
  ],
} as const;

const users = new Users({
  async entry(database, key) {
    return DATABASES[database].find(([name, , id]) => name === key || (!isNamed(database, key) && id === key));
  },
  groups: async () => [107, 64055],
});

/** A host with these as users and as groups, numbered in that order. */
const hostOf = (...names: readonly string[]) =>
  new Users({
    entry: async (_, key) => (names.includes(key) ? [key, "x", String(names.indexOf(key)), "99"] : undefined),
    groups: async () => [],
  });

function isNamed(database: "passwd" | "group", key: string): boolean {
  return DATABASES[database].some(([name]) => name === key);
}

const LABELS: Readonly<Record<string, string>> = {
  "+1:+2": "1:2",
  "odd:kvm": "7:107",
  "9:107": "99:107",
  "12:34": "12:34",
  "+9:odd group": "9:8",
};

for (const [label, owner] of Object.entries(LABELS)) {
  test(`the label ${label} is ${owner}`, async (t) => {
    const { uid, gid } = await users.ownerOf(label);
    t.is(`${uid}:${gid}`, owner);
  });
}

const REFUSED: Readonly<Record<string, string>> = {
  odd: "Failed to parse uid and gid from 'odd'",
  "nobody:kvm": "Failed to parse user 'nobody'",
  "+1:": "Failed to parse group ''",
  "+1:+2:+3": "Failed to parse group '+2:+3'",
  "+-1:+1": "Failed to parse user '+-1'",
  "+4294967295:+1": "Failed to parse user '+4294967295'",
  "$(id):+1": "Failed to parse user '$(id)'",
};

for (const [label, complaint] of Object.entries(REFUSED)) {
  test(`the label ${label} is none`, async (t) => {
    const error = await t.throwsAsync(users.ownerOf(label), { code: "INVALID_ARG" });
    t.true(error?.message.endsWith(complaint), error?.message);
  });
}

test("guests are the host's usual user, in the group of the same name, where the operator does not say", async (t) => {
  t.deepEqual(await users.usual("", ""), { uid: 64055, gid: 64055 });
  t.deepEqual(await users.usual("", "kvm"), { uid: 64055, gid: 107 });
  t.deepEqual(await users.usual("odd", ""), { uid: 7, gid: 8 });
  t.deepEqual(await users.usual("+7", "+1"), { uid: 7, gid: 1 });
  t.deepEqual(await users.usual("+5", ""), { uid: 5, gid: 5 });
  const bare = hostOf();
  await t.throwsAsync(bare.usual("", ""), { message: /has none of the users libvirt-qemu, qemu, nobody/ });
  await t.throwsAsync(bare.usual("ghost", ""), { message: /Failed to parse user 'ghost'/ });
});

test("a host without an account for guests has them run as one that others have, too, which is told", async (t) => {
  t.deepEqual(await hostOf("nobody", "kvm").usual("", ""), { uid: 0, gid: 1, sharedAccount: "nobody" });
  t.deepEqual(await hostOf("nobody", "kvm", "qemu").usual("", ""), { uid: 2, gid: 2 });
});

test("a user's groups are its own one and all that the host says", async (t) => {
  t.deepEqual(await users.groupsOf({ uid: 64055, gid: 9 }), [9, 107, 64055]);
  t.deepEqual(await users.groupsOf({ uid: 4, gid: 9 }), [9]);
});
