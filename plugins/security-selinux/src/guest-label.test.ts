import test from "ava";
import { pickLevel, rangeOfProcess } from "./categories.js";
import { formatContext, parseContext } from "./context.js";
import { parseGuestContexts, policyName } from "./guest-contexts.js";
import { labelGuest } from "./guest-label.js";
import { Levels } from "./levels.js";

const CONTEXTS = parseGuestContexts(
  "system_u:system_r:svirt_t:s0\nsystem_u:system_r:svirt_tcg_t:s0\n",
  "system_u:object_r:svirt_image_t:s0\nsystem_u:object_r:virt_content_t:s0\n",
) as NonNullable<ReturnType<typeof parseGuestContexts>>;

test("contexts are read and printed, with or without a level, and nothing else is one", (t) => {
  for (const text of ["u:r:t", "u:r:t:s0", "u:r:t:s0-s15:c0.c1023", "system_u:object_r:svirt_image_t:s0:c41,c264"]) {
    const context = parseContext(text);
    t.is(context && formatContext(context), text);
  }
  for (const text of ["", "kernel", "u:r", "u::t", "no label of anybody's", "a b:c:d", "u:r:t:"])
    t.is(parseContext(text), undefined);
});

/** The manager's range; the sensitivity and categories that guests get. */
const RANGES: readonly (readonly [string | undefined, string, number, number])[] = [
  [undefined, "s0", 0, 1023],
  ["s0", "s0", 0, 1023],
  ["s0-s0", "s0", 0, 1023],
  ["s0-s0:c0.c1023", "s0", 0, 1023],
  ["s0-s0:c0.c10", "s0", 0, 10],
  ["s2-s3:c0.c1023", "s2", 0, 1023],
  ["s0:c100.c200", "s0", 100, 200],
  ["s0:c3.c20,c40", "s0", 3, 20],
];

test("guests get levels within the manager's own range", (t) => {
  for (const [range, sensitivity, first, last] of RANGES) {
    t.deepEqual(rangeOfProcess(range), { sensitivity, first, last }, range);
  }
  t.throws(() => rangeOfProcess("s0:c5"), { message: /No category range available/ });
  t.throws(() => rangeOfProcess("s0:x"), { message: /Cannot parse category in x/ });
  t.throws(() => pickLevel({ sensitivity: "s0", first: 3, last: 9 }, new Set(), () => 0), {
    message: /Category range c3-c9 too small/,
  });
});

test("each pair of categories is given once, and each before there are none left", (t) => {
  const range = { sensitivity: "s0", first: 10, last: 18 };
  const levels = new Levels((count) => Math.floor(Math.random() * count));
  const all = new Set(Array.from({ length: 36 }, (_, index) => levels.take(`guest ${index}`, range)));
  t.is(all.size, 36);
  for (const level of all) {
    const [, low, high] = /^s0:c(\d+),c(\d+)$/.exec(level) ?? [];
    t.true(Number(low) >= 10 && Number(low) < Number(high) && Number(high) <= 18, level);
  }
  t.throws(() => levels.take("one more", range), { code: "OPERATION_FAILED", message: /every pair/ });
  levels.giveBack("guest 7");
  t.true(all.has(levels.take("one more", range)));
  t.is(levels.reserve("twin", [...all][0] ?? ""), "guest 0");
});

test("labels: dynamic ones, of emulated guests, with a base, static ones", (t) => {
  const own = { user: "unconfined_u", role: "unconfined_r", type: "unconfined_t", range: "s0-s0:c0.c1023" };
  const label = (domainType: string, wanted = "", fixed = false) => {
    const { label: made, imageLabel } = labelGuest({ domainType, wanted, fixed }, CONTEXTS, own, () => "s0:c1,c2");
    return [made, imageLabel];
  };
  const image = "unconfined_u:object_r:svirt_image_t:s0:c1,c2";
  t.deepEqual(label("kvm"), ["unconfined_u:unconfined_r:svirt_t:s0:c1,c2", image]);
  t.deepEqual(label("qemu"), ["unconfined_u:unconfined_r:svirt_tcg_t:s0:c1,c2", image]);
  t.deepEqual(label("qemu", "a:b:svirt_custom_t:s0"), ["unconfined_u:unconfined_r:svirt_custom_t:s0:c1,c2", image]);
  t.deepEqual(label("kvm", "system_u:system_r:svirt_t:s0:c7,c9", true), [
    "system_u:system_r:svirt_t:s0:c7,c9",
    "unconfined_u:object_r:svirt_image_t:s0:c7,c9",
  ]);
  t.throws(() => label("kvm", "no label", true), { code: "INVALID_ARG" });
  t.throws(() => label("kvm", "u:r:t", true), { message: /context range/ });
  t.throws(() => label("kvm", "no label"), { code: "INVALID_ARG" });
});

test("files of a policy", (t) => {
  t.is(policyName("# SELINUXTYPE=old\n SELINUXTYPE = mls \n"), "mls");
  t.is(policyName("SELINUX=disabled\n"), undefined);
  t.is(parseGuestContexts("", "a\n"), undefined);
  t.like(parseGuestContexts("a\n", "b\n"), { process: "a", emulatedProcess: undefined, image: "b", content: "b" });
});
