import test from "ava";
import { decodeFromBuffer, encodeToBuffer } from "../xdr/index.js";
import { type PolicyRequest, policyApi } from "./index.js";

const QUESTION = { call: "domainCreate", object: "domain", permission: "start" };

const QUESTIONS: readonly PolicyRequest[] = [
  { ...QUESTION, identity: {}, attributes: {} },
  {
    ...QUESTION,
    identity: { uid: 0, gid: 7, pid: 4294967295, startTime: 2n ** 60n, saslName: "ann", x509Name: "CN=ann" },
    attributes: { connect_driver: "QEMU", domain_name: "wéb", __proto_name__: "" },
  },
  { ...QUESTION, identity: { saslName: "" }, attributes: { "": "x" } },
];

test("a question to a policy crosses into another process and is the same there", (t) => {
  const { args, ret } = policyApi.allows;
  for (const question of QUESTIONS)
    t.deepEqual(decodeFromBuffer(args, encodeToBuffer(args, question as never)) as unknown, question);
  t.deepEqual(decodeFromBuffer(ret, encodeToBuffer(ret, { allowed: false } as never)) as unknown, { allowed: false });
});
