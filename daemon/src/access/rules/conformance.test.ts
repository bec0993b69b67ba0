import type { PolicyRequest } from "@polyvisor/core";
import { registerKit, SERVICE_KITS, subjectOfProvider } from "@polyvisor/sdk/conformance";
import test from "ava";
import { accountsOf } from "./accounts.js";
import { parseRules } from "./parse.js";
import { rulesPolicy } from "./policy.js";

const ACCOUNTS = accountsOf("alice:x:1000:1000::/:/bin/sh\n", "users:x:100:\n");
const RULES = "allow user=alice domain:* domain_name=web-* connect_driver=QEMU\n";

const stop: PolicyRequest = {
  identity: { uid: 1000 },
  call: "domainDestroy",
  object: "domain",
  permission: "stop",
  attributes: { connect_driver: "QEMU", domain_name: "web-1", domain_uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f" },
};
const fixtures = {
  allowed: JSON.stringify(stop),
  denied: JSON.stringify({ ...stop, attributes: { ...stop.attributes, domain_name: "db" } }),
};

const kit = SERVICE_KITS.policy;
const subject = await subjectOfProvider("policy", () => rulesPolicy(parseRules(RULES, "access.rules", ACCOUNTS)));

registerKit(test, kit, subject, {
  profile: { calls: kit.calls, fixtures, traits: [] },
  title: "the daemon's own rules",
});
