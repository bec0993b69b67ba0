import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoginMechanisms } from "@polyvisor/core";
import { MESSAGE_STATUS } from "@polyvisor/sdk/rpc";
import type { ExecutionContext } from "ava";
import test from "ava";
import { bodyOf, numberOf, resultOf } from "../testing/call-bodies.js";
import { errorOf, RawClient } from "../testing/raw-client.js";
import { serve, until } from "../testing/serve.js";
import type { LoginOffer } from "./login.js";
import type { PolkitAuthority, PolkitQuestion, PolkitVerdict } from "./polkit.js";
import { polkitLogin } from "./polkit-login.js";

/** What a polkit was asked. It is a stand-in: the real one can be made to refuse, but not to have its user refuse. */
interface Asked extends PolkitQuestion {
  readonly signal: AbortSignal | undefined;
}

const connectWith = (t: ExecutionContext, authority: PolkitAuthority) =>
  connectBy(t, { mechanism: "polkit", by: polkitLogin(authority) });

async function connectBy(t: ExecutionContext, offer: LoginOffer): Promise<RawClient> {
  const { server } = await serve(t);
  const folder = await mkdtemp(join(tmpdir(), "pvd-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, "sock");
  await server.listen({
    path,
    mode: 0o700,
    readOnly: false,
    login: { offers: [offer], mayEnter: () => true },
  });
  const client = await RawClient.connect(path);
  t.teardown(() => client.close());
  return client;
}

const VERDICTS: readonly (readonly [verdict: PolkitVerdict, code: number, words: string])[] = [
  ["denied", 45, "authentication failed: access denied by policy"],
  ["dismissed", 79, "authentication cancelled: user cancelled authentication process"],
  [
    "challenge",
    94,
    "authentication unavailable: no polkit agent available to authenticate action 'org.libvirt.unix.manage'",
  ],
];

for (const [verdict, code, words] of VERDICTS) {
  test(`a stand-in for polkit says ${verdict}: the client hears it in libvirt's words, and stays out`, async (t) => {
    const client = await connectWith(t, { check: async () => verdict });
    t.deepEqual(errorOf(await client.call(numberOf("authPolkit"))), { code, domain: 60, message: words });
    t.is(errorOf(await client.call(numberOf("connectGetType"))).message, "authentication required");
  });
}

test("a stand-in for polkit says authorized: the client is in, and was asked about with the time of its start", async (t) => {
  const asked: Asked[] = [];
  const client = await connectWith(t, {
    async check(question, signal) {
      asked.push({ ...question, signal });
      return "authorized";
    },
  });
  t.deepEqual(resultOf("authPolkit", (await client.call(numberOf("authPolkit"))).body), { complete: 1 });
  await client.open("test:///default");
  t.is((await client.call(numberOf("connectGetType"))).status, MESSAGE_STATUS.OK);
  t.is(asked[0]?.action, "org.libvirt.unix.manage");
  t.is(asked[0]?.subject.pid, process.pid);
  t.true((asked[0]?.subject.startTime ?? 0n) > 0n);
  t.is(errorOf(await client.call(numberOf("authPolkit"))).code, 45);
});

test("a client that leaves while polkit's user thinks about it is not asked about any longer", async (t) => {
  const asked: Asked[] = [];
  const client = await connectWith(t, {
    check: (question, signal) =>
      new Promise((_resolve, reject) => {
        asked.push({ ...question, signal });
        signal?.addEventListener("abort", () => reject(new Error("the client left")));
      }),
  });
  client.send({ procedure: numberOf("authPolkit"), serial: 1 });
  await until(() => asked.length === 1);
  client.close();
  await until(() => asked[0]?.signal?.aborted === true);
  t.pass();
});

test("a mechanism hears of the end of each login: of one that the client leaves, too, or falls out of step in", async (t) => {
  const ended: number[] = [];
  let last = 0;
  const by: LoginMechanisms = {
    mechanisms: () => ["TOY"],
    begin: () => ++last,
    respond: ({ words }) => ({ words, done: false, name: null }),
    end: ({ login }) => void ended.push(login),
  };
  const client = await connectBy(t, { mechanism: "TOY", by });
  const start = async () => {
    await client.call(numberOf("authSaslInit"));
    const words = { mech: "TOY", nil: 0, data: "hello" };
    return resultOf(
      "authSaslStart",
      (await client.call(numberOf("authSaslStart"), bodyOf("authSaslStart", words))).body,
    );
  };
  t.deepEqual(await start(), { complete: 0, nil: 0, data: "hello" });
  t.is(errorOf(await client.call(numberOf("authSaslInit"))).code, 45);
  t.deepEqual(ended, [1]);
  await start();
  client.close();
  await until(() => ended.length === 2);
  t.deepEqual(ended, [1, 2]);
});
