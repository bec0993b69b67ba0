import type { TypedParam } from "@polyvisor/core";
import { MESSAGE_STATUS } from "@polyvisor/sdk/rpc";
import test from "ava";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import { errorOf, RawClient } from "../testing/raw-client.js";
import { RecordedLog } from "../testing/recorded-log.js";
import { serve } from "../testing/serve.js";
import { TEST_DOMAIN } from "../testing/tiny-driver.js";
import { forwardedIdentity } from "./forwarded.js";

const ALICE: readonly TypedParam[] = [
  { field: "user-name", type: "string", value: "alice" },
  { field: "unix-user-id", type: "ullong", value: 1000n },
  { field: "group-name", type: "string", value: "users" },
  { field: "unix-group-id", type: "ullong", value: 100n },
  { field: "process-id", type: "llong", value: 4242n },
  { field: "process-time", type: "ullong", value: 1234567n },
  { field: "sasl-user-name", type: "string", value: "alice@EXAMPLE" },
  { field: "x509-distinguished-name", type: "string", value: "CN=alice" },
  { field: "selinux-context", type: "string", value: "u:r:t" },
];

test("what a proxy tells of a client is read by libvirt's names", (t) => {
  t.deepEqual(forwardedIdentity(ALICE), {
    uid: 1000,
    gid: 100,
    pid: 4242,
    startTime: 1234567n,
    saslName: "alice@EXAMPLE",
    x509Name: "CN=alice",
  });
  t.deepEqual(forwardedIdentity([]), {});
});

const WRONG: readonly (readonly [what: string, param: TypedParam, says: RegExp])[] = [
  ["a name that is not libvirt's", { field: "uid", type: "ullong", value: 0n }, /parameter 'uid' not supported/],
  ["another type", { field: "unix-user-id", type: "int", value: 0 }, /invalid type 'int' for .*, expected 'ullong'/],
  ["a number of no user", { field: "unix-user-id", type: "ullong", value: 4294967296n }, /out of range: 4294967296/],
  ["a process before the first", { field: "process-id", type: "llong", value: -1n }, /out of range: -1/],
];

for (const [what, param, message] of WRONG)
  test(`nobody is made of ${what}`, (t) => {
    t.throws(() => forwardedIdentity([param]), { message });
  });

const setIdentity = (client: RawClient, params: readonly TypedParam[]) =>
  client.call(numberOf("connectSetIdentity"), bodyOf("connectSetIdentity", { params, flags: 0 }));

test("who speaks for somebody is judged and logged as that one from then on, and the log tells who it is", async (t) => {
  const asked: [number | undefined, string][] = [];
  const log = new RecordedLog();
  const served = await serve(
    t,
    {
      policy: {
        allows({ identity, call, object, permission }) {
          asked.push([identity.uid, call]);
          return identity.uid === process.getuid?.() || `${object}:${permission}` === "domain:read";
        },
      },
    },
    log,
  );
  const client = await served.open();
  t.is((await setIdentity(client, ALICE)).status, MESSAGE_STATUS.OK);
  const dom = TEST_DOMAIN;
  const state = await client.call(numberOf("domainGetState"), bodyOf("domainGetState", { dom, flags: 0 }));
  t.is(state.status, MESSAGE_STATUS.OK);
  t.is(errorOf(await client.call(numberOf("domainDestroy"), bodyOf("domainDestroy", { dom }))).code, 88);
  t.is(errorOf(await setIdentity(client, [])).code, 88, "alice may not speak for others");
  const me = process.getuid?.();
  t.deepEqual(asked, [
    [me, "connectOpen"],
    [me, "connectSetIdentity"],
    [1000, "domainGetState"],
    [1000, "domainDestroy"],
    [1000, "connectSetIdentity"],
  ]);
  const refusal = log.lines.find(({ message }) => message === "access denied");
  t.like(refusal, { uid: 1000, pid: 4242, user: "alice@EXAMPLE", by: { uid: me, pid: process.pid } });
});

test("on a read-only connection nobody speaks for others, and before a URI is open neither", async (t) => {
  const { path, readOnlyPath } = await serve(t);
  const reader = await RawClient.connect(readOnlyPath);
  t.teardown(() => reader.close());
  await reader.open("test:///default");
  t.like(errorOf(await setIdentity(reader, ALICE)), {
    code: 29,
    message: "operation forbidden: read only access prevents virConnectSetIdentity",
  });
  const early = await RawClient.connect(path);
  t.teardown(() => early.close());
  t.is(errorOf(await setIdentity(early, ALICE)).message, "internal error: hypervisor connection not open");
});
