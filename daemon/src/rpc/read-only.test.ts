import { MESSAGE_STATUS } from "@polyvisor/sdk/rpc";
import test from "ava";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import { errorOf, RawClient } from "../testing/raw-client.js";
import { RecordedLog } from "../testing/recorded-log.js";
import { serve } from "../testing/serve.js";
import { TEST_DOMAIN } from "../testing/tiny-driver.js";

const OPEN_READ_ONLY = 1;
const XML_SECURE = 1;

/** The two ways to a read-only connection. */
const WAYS = [
  { way: "the read-only socket", socket: "readOnlyPath", flags: 0 },
  { way: "the flag of connectOpen", socket: "path", flags: OPEN_READ_ONLY },
] as const;

for (const { way, socket, flags } of WAYS) {
  test(`by ${way} a client may look but not change`, async (t) => {
    const log = new RecordedLog();
    const served = await serve(t, {}, log);
    const client = await RawClient.connect(served[socket]);
    t.teardown(() => client.close());
    await client.open("test:///default", flags);
    const dom = TEST_DOMAIN;
    const state = await client.call(numberOf("domainGetState"), bodyOf("domainGetState", { dom, flags: 0 }));
    t.is(state.status, MESSAGE_STATUS.OK);
    const xml = await client.call(numberOf("domainGetXMLDesc"), bodyOf("domainGetXMLDesc", { dom, flags: 0 }));
    t.is(xml.status, MESSAGE_STATUS.OK);
    const secret = await client.call(
      numberOf("domainGetXMLDesc"),
      bodyOf("domainGetXMLDesc", { dom, flags: XML_SECURE }),
    );
    t.is(errorOf(secret).code, 29);
    const destroyed = await client.call(numberOf("domainDestroy"), bodyOf("domainDestroy", { dom }));
    t.like(errorOf(destroyed), {
      code: 29,
      message: "operation forbidden: read only access prevents virDomainDestroy",
    });
    const [, refusal] = log.lines.filter(({ level }) => level === "warn");
    t.like(refusal, { message: "a client was refused a call", call: "domainDestroy", uid: process.getuid?.() });
    t.regex(JSON.stringify(refusal), /"object":\{[^}]*"name":"test"/);
  });
}

test("a policy is asked about the object as its driver knows it, and decides", async (t) => {
  const asked: unknown[] = [];
  const served = await serve(t, {
    policy: {
      async allows({ identity, call, object, permission, attributes }) {
        asked.push([identity.pid, call, `${object}:${permission}`, attributes.domain_name]);
        return permission !== "stop";
      },
    },
  });
  const client = await served.open();
  const liar = { ...TEST_DOMAIN, name: "something-harmless" };
  const state = await client.call(numberOf("domainGetState"), bodyOf("domainGetState", { dom: liar, flags: 0 }));
  t.is(state.status, MESSAGE_STATUS.OK);
  const destroyed = await client.call(numberOf("domainDestroy"), bodyOf("domainDestroy", { dom: liar }));
  t.is(errorOf(destroyed).code, 88);
  t.deepEqual(asked, [
    [process.pid, "connectOpen", "connect:getattr", undefined],
    [process.pid, "domainGetState", "domain:read", "test"],
    [process.pid, "domainDestroy", "domain:stop", "test"],
  ]);
});
