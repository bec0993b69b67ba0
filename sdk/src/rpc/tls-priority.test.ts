import test from "ava";
import { versionsOf } from "./tls-priority.js";

const BOTH = { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" };

const CASES: Readonly<Record<string, ReturnType<typeof versionsOf> | object>> = {
  NORMAL: BOTH,
  "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1": BOTH,
  "NORMAL:-VERS-TLS1.2": { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" },
  "NORMAL:-VERS-ALL:+VERS-TLS1.2": { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
  "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3:+VERS-TLS1.2": BOTH,
};

for (const [priority, versions] of Object.entries(CASES))
  test(`priorities that can be kept: ${priority}`, (t) => t.deepEqual(versionsOf(priority), versions));

const REFUSED = [
  "",
  "SECURE256",
  "@LIBVIRT,SYSTEM",
  "NORMAL:%COMPAT",
  "NORMAL:+VERS-TLS1.0",
  "NORMAL:-VERS-ALL",
  "NORMAL:VERS-TLS1.2",
];

for (const priority of REFUSED)
  test(`priorities that cannot be kept: ${JSON.stringify(priority)}`, (t) => t.is(versionsOf(priority), undefined));
