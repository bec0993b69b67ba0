import { randomBytes } from "node:crypto";
import { registerKit, SERVICE_KITS, subjectOfProvider } from "@polyvisor/sdk/conformance";
import { saslMechanisms } from "@polyvisor/sdk/login";
import test from "ava";
import { scramSha256 } from "./sasl/scram.js";
import { verifierOf } from "./sasl/verifier.js";

const FRED = { user: "fred, of =Bedrock", password: "rubble's = pass,word" };

// Few rounds: how long a guess takes is nothing that the kit looks at.
const verifier = await verifierOf(FRED.password, randomBytes(16), 4096);
const make = () => saslMechanisms([scramSha256(async (name) => (name === FRED.user ? verifier : undefined))]);
const kit = SERVICE_KITS.auth;
const subject = await subjectOfProvider("auth", make);

registerKit(test, kit, subject, {
  profile: { calls: kit.calls, fixtures: FRED, traits: [] },
  title: "the daemon's own logins",
});
