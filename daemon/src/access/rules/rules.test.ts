import type { Identity, ObjectAttributes } from "@polyvisor/core";
import test from "ava";
import type { StartError } from "../../startup/start-error.js";
import { allOf } from "../drivers.js";
import { accountsOf } from "./accounts.js";
import { parseRules } from "./parse.js";
import { rulesPolicy } from "./policy.js";

const ACCOUNTS = accountsOf(
  "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\nbob:x:1001:100::/:/bin/sh\ncarol:x:1002:1002::/:/bin/sh\n",
  "root:x:0:\nusers:x:100:\nops:x:200:carol\n",
);

const RULES = `# who may what
allow user=root *
deny  *          domain:stop           domain_name=precious*
allow user=alice domain:*,connect:*    domain_name=web-* connect_driver=QEMU   # her own
allow user=alice connect:*
allow group=ops  domain:getattr,domain:read
allow group=users connect:getattr
allow sasl=eve@* domain:read
allow x509=CN=monitor,* connect:read
`;

const ROWS: readonly [who: Identity, asked: string, about: ObjectAttributes, allowed: boolean][] = [
  [{ uid: 0 }, "domain:stop", { domain_name: "any" }, true],
  [{ uid: 0 }, "domain:stop", { domain_name: "precious" }, true],
  [{ uid: 1000 }, "domain:stop", { domain_name: "web-1", connect_driver: "QEMU" }, true],
  [{ uid: 1000 }, "domain:stop", { domain_name: "web-1", connect_driver: "LXC" }, false],
  [{ uid: 1000 }, "domain:stop", { domain_name: "db", connect_driver: "QEMU" }, false],
  [{ uid: 1000 }, "domain:stop", { domain_name: "precious-1", connect_driver: "QEMU" }, false],
  [{ uid: 1000 }, "connect:write", { connect_driver: "QEMU" }, true],
  [{ uid: 1000 }, "network:read", { connect_driver: "QEMU" }, false],
  [{ uid: 1002 }, "domain:read", { domain_name: "db" }, true],
  [{ uid: 1002 }, "domain:start", { domain_name: "db" }, false],
  [{ uid: 1003, gid: 200 }, "domain:read", { domain_name: "db" }, true],
  [{ uid: 1001 }, "connect:getattr", {}, true],
  [{ uid: 1003 }, "connect:getattr", {}, false],
  [{ saslName: "eve@EXAMPLE" }, "domain:read", {}, true],
  [{ saslName: "mallory@EXAMPLE" }, "domain:read", {}, false],
  [{ x509Name: "CN=monitor,O=Example" }, "connect:read", {}, true],
  [{}, "connect:read", {}, false],
];

test("the first rule that fits decides, and what no rule allows is denied", (t) => {
  const policy = rulesPolicy(parseRules(RULES, "access.rules", ACCOUNTS));
  for (const [identity, asked, attributes, allowed] of ROWS) {
    const [object = "", permission = ""] = asked.split(":");
    const answer = policy.allows({ identity, call: "domainDestroy", object, permission, attributes });
    t.is(answer, allowed, JSON.stringify([identity, asked, attributes]));
  }
});

const OF_ALL: readonly [who: Identity, asked: string, answer: boolean | undefined][] = [
  [{ uid: 0 }, "domain:stop", true],
  [{ uid: 1000 }, "domain:stop", undefined],
  [{ uid: 1000 }, "domain:read", undefined],
  [{ uid: 1000 }, "connect:read", true],
  [{ uid: 1002 }, "domain:read", true],
  // What one rule denies to some, none allows to others.
  [{ uid: 1002 }, "domain:stop", false],
  [{ uid: 1003 }, "domain:read", false],
];

test("what the rules say of every object is known without one", (t) => {
  const policy = rulesPolicy(parseRules(RULES, "access.rules", ACCOUNTS));
  for (const [identity, asked, answer] of OF_ALL) {
    const [object = "", permission = ""] = asked.split(":");
    t.is(policy.ofAll({ identity, object, permission }), answer, JSON.stringify([identity, asked]));
    t.is(allOf([policy, policy]).ofAll({ identity, object, permission }), answer);
    const withUnknown = allOf([policy, { allows: () => true }]).ofAll({ identity, object, permission });
    t.is(withUnknown, answer === false ? false : undefined);
  }
});

const MISTAKES: readonly [rule: string, message: string, hint: RegExp | undefined][] = [
  ["permit * *", "'permit' is no rule", /"allow" or "deny"/],
  ["allow *", "the rule is not complete", /then what/],
  ["allow alice *", "'alice' is nobody", /user=NAME/],
  ["allow user=dave *", "there is no user 'dave'", undefined],
  ["allow group=wheel *", "there is no group 'wheel'", undefined],
  ["allow * domain:reed", "no call needs the permission 'domain:reed'", /perhaps domain:read/],
  ["allow * domain:read domian_name=a", "objects have no attribute 'domian_name'", /domain_name/],
  ["allow * domain:read domain_name=", "'domain_name' needs a value", undefined],
];

test("a rule that cannot be meant is refused with file, line and what is allowed", (t) => {
  for (const [rule, message, hint] of MISTAKES) {
    const error = t.throws<StartError>(() =>
      parseRules(`\n# first\n${rule}\n`, "access.rules", ACCOUNTS),
    ) as StartError;
    t.is(error.message, `access.rules:3: ${message}`);
    if (hint !== undefined) t.regex(error.hint ?? "", hint);
  }
});
