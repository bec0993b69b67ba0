import { readFile } from "node:fs/promises";
import test from "ava";
import { polkitActions, polkitPolicyFile } from "./polkit-actions.js";

const POLICY = new URL("../../polkit/org.libvirt.api.policy", import.meta.url).pathname;

/** That of libvirt, where it is installed. */
const LIBVIRTS = "/usr/share/polkit-1/actions/org.libvirt.api.policy";

const theirs = await readFile(LIBVIRTS, "utf8").catch(() => undefined);

test("the file of actions is that of the API table", async (t) => {
  t.is(await readFile(POLICY, "utf8"), polkitPolicyFile(), "run scripts/polkit-policy.mjs");
});

(theirs === undefined ? test.skip : test)("the actions and their defaults are libvirt's (needs its policy)", (t) => {
  const found = (theirs ?? "").matchAll(/<action id="([^"]+)">.*?<allow_any>(\w+)<\/allow_any>/gs);
  const expected = [...found].map(([, id, any]) => `${id} ${any}`);
  t.deepEqual(
    polkitActions()
      .map(({ id, isForAll }) => `${id} ${isForAll ? "yes" : "no"}`)
      .sort(),
    expected.sort(),
  );
});
