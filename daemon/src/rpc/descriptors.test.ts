import { once } from "node:events";
import { readdirSync } from "node:fs";
import type { Duplex } from "node:stream";
import { closeAll, type Descriptor, remoteProgram, VirtError } from "@polyvisor/core";
import { sendDescriptor, socketPair, streamOnDescriptor } from "@polyvisor/sdk/process";
import { MESSAGE_STATUS, MESSAGE_TYPE, RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import test, { type ExecutionContext } from "ava";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import { errorOf, type RawClient } from "../testing/raw-client.js";
import { type Served, serve, until } from "../testing/serve.js";
import { OTHER_DOMAIN, TEST_DOMAIN } from "../testing/tiny-driver.js";

const ASSOCIATE = numberOf("domainFDAssociate");

/** Descriptors that this process has open: the daemon under test is part of it. */
function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

function counted(count: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(count);
  return Buffer.concat([prefix, body]);
}

const associateBody = bodyOf("domainFDAssociate", { dom: TEST_DOMAIN, name: "group", flags: 0 });

/** A client that was told that it may send descriptors. */
async function openWithDescriptors({ open }: Pick<Served, "open">): Promise<RawClient> {
  const client = await open();
  await client.call(numberOf("connectSupportsFeature"), bodyOf("connectSupportsFeature", { feature: 8 }));
  return client;
}

/** Sends descriptors behind what has been sent. Resolves when they have left. */
async function sendBehind(client: RawClient, descriptors: readonly Descriptor[]): Promise<void> {
  await new Promise((written) => client.socket.write("", written));
  for (const descriptor of descriptors)
    while (!sendDescriptor(client.socket, descriptor)) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Connections of which one end goes on a journey. */
function pairs(count: number): { readonly near: Descriptor[]; readonly far: Descriptor[] } {
  const made = Array.from({ length: count }, socketPair);
  return { near: made.map(([near]) => near), far: made.map(([, far]) => far) };
}

/** What comes out of a connection until its other end is closed. */
async function heard(near: Descriptor): Promise<string> {
  let text = "";
  const stream = streamOnDescriptor(near.take()).on("data", (chunk) => {
    text += chunk;
  });
  await once(stream, "close");
  return text;
}

/** A driver that says in each descriptor which one it is. */
function sayNumber(descriptors: readonly Descriptor[]): void {
  for (const [index, descriptor] of descriptors.entries()) streamOnDescriptor(descriptor.take()).end(`number ${index}`);
}

test("descriptors that come with a call reach the driver in their order, however they come", async (t) => {
  const served = await serve(t);
  served.hypervisor.associate = sayNumber;
  const client = await openWithDescriptors(served);
  for (const count of [0, 1, 5, 32]) {
    const { near, far } = pairs(count);
    const listening = near.map(heard);
    client.send({ procedure: ASSOCIATE, serial: 9, type: MESSAGE_TYPE.CALL_WITH_FDS }, counted(count, associateBody));
    for (const descriptor of far) {
      await new Promise((resolve) => setImmediate(resolve));
      await sendBehind(client, [descriptor]);
    }
    closeAll(far);
    const answer = await client.take(({ serial }) => serial === 9);
    t.is(answer.status, MESSAGE_STATUS.OK);
    t.deepEqual(
      await Promise.all(listening),
      [...near.keys()].map((index) => `number ${index}`),
    );
  }
});

test("calls before, between and behind descriptors are answered in order", async (t) => {
  const served = await serve(t);
  let came = 0;
  served.hypervisor.associate = (descriptors) => {
    came += descriptors.length;
  };
  const client = await served.open();
  const { near, far } = pairs(3);
  const ask = (serial: number) => client.send({ procedure: numberOf("connectGetType"), serial });
  client.send(
    { procedure: numberOf("connectSupportsFeature"), serial: 100 },
    bodyOf("connectSupportsFeature", { feature: 8 }),
  );
  for (let serial = 101; serial < 300; serial++) ask(serial);
  await client.take(({ serial }) => serial === 100);
  for (let serial = 300; serial < 400; serial++) ask(serial);
  client.send({ procedure: ASSOCIATE, serial: 400, type: MESSAGE_TYPE.CALL_WITH_FDS }, counted(3, associateBody));
  await sendBehind(client, far);
  for (let serial = 401; serial < 500; serial++) ask(serial);
  for (let serial = 101; serial < 500; serial++) {
    const { status } = await client.take((message) => message.serial === serial);
    t.is(status, MESSAGE_STATUS.OK, String(serial));
  }
  t.is(came, 3);
  t.deepEqual(client.inbox, []);
  closeAll([...near, ...far]);
});

test("a large message may come behind descriptors, and be torn", async (t) => {
  const served = await serve(t);
  const client = await openWithDescriptors(served);
  const name = "x".repeat(300_000);
  const body = bodyOf("domainLookupByName", { name });
  const lookup = client.call(numberOf("domainLookupByName"), body);
  t.regex(errorOf(await lookup).message ?? "", /no domain with matching name/);
});

async function connected(t: ExecutionContext, { path }: Served) {
  const client = await RpcClient.connect(path);
  t.teardown(() => client.close());
  const api = stubsOf(client, remoteProgram);
  await api.connectOpen({ name: "test:///default", flags: 0 });
  return { client, api };
}

async function answerOf(stream: Duplex): Promise<string> {
  const [chunk] = (await once(stream, "data")) as [Buffer];
  stream.destroy();
  return chunk.toString();
}

test("a descriptor comes with its reply, among other replies and events", async (t) => {
  const served = await serve(t);
  served.hypervisor.graphics = () => {
    const [near, far] = socketPair();
    streamOnDescriptor(near.take()).end("RFB");
    return far;
  };
  const { api } = await connected(t, served);
  const state = () => api.domainGetState({ dom: TEST_DOMAIN, flags: 0 });
  for (let round = 0; round < 20; round++) {
    const [, given, , again] = await Promise.all([
      state(),
      api.domainOpenGraphicsFD({ dom: TEST_DOMAIN, idx: 0, flags: 0 }),
      state(),
      api.domainOpenGraphicsFD({ dom: OTHER_DOMAIN, idx: 0, flags: 0 }),
      state(),
    ]);
    t.is(await answerOf(streamOnDescriptor(given.take())), "RFB");
    t.is(await answerOf(streamOnDescriptor(again.take())), "RFB");
  }
});

test("a caller that gives descriptors gives them away, and hears the driver's error", async (t) => {
  const served = await serve(t);
  served.hypervisor.associate = () => {
    throw new VirtError("OPERATION_INVALID", "not now", { domain: "TEST" });
  };
  const { api } = await connected(t, served);
  t.is(await api.connectSupportsFeature({ feature: 8 }), 1);
  const { near, far } = pairs(2);
  const listening = near.map(heard);
  const error = await t.throwsAsync(
    api.domainFDAssociate({ dom: TEST_DOMAIN, name: "group", flags: 0, descriptors: far }),
  );
  t.like(error, { code: "OPERATION_INVALID" });
  t.deepEqual(await Promise.all(listening), ["", ""]);
  t.throws(() => far[0]?.fd);
});

test("no descriptors for those who only look", async (t) => {
  const { readOnlyPath } = await serve(t);
  const client = await RpcClient.connect(readOnlyPath);
  t.teardown(() => client.close());
  const api = stubsOf(client, remoteProgram);
  await api.connectOpen({ name: "test:///default", flags: 0 });
  t.is(await api.connectSupportsFeature({ feature: 8 }), 0);
  const asked = api.domainOpenGraphicsFD({ dom: TEST_DOMAIN, idx: 0, flags: 0 });
  t.like(await t.throwsAsync(asked), { code: "OPERATION_DENIED" });
});

/** Clients that keep to the protocol, and yet their descriptors are of no use to anybody. */
const USELESS: Readonly<Record<string, { readonly header: object; readonly body?: Buffer; readonly count: number }>> = {
  "an unknown program": { header: { program: 1 }, count: 3 },
  "an unknown procedure": { header: { procedure: 9999 }, count: 3 },
  "a call that takes none": { header: { procedure: numberOf("connectGetType") }, count: 3 },
  "arguments that are none": { header: { procedure: ASSOCIATE }, body: Buffer.alloc(3), count: 32 },
  "a domain that is not there": {
    header: { procedure: ASSOCIATE },
    body: bodyOf("domainFDAssociate", {
      dom: { ...TEST_DOMAIN, uuid: "1".repeat(8) + TEST_DOMAIN.uuid.slice(8) },
      name: "",
      flags: 0,
    }),
    count: 2,
  },
  "a driver that leaves them": { header: { procedure: ASSOCIATE }, body: associateBody, count: 4 },
  "an error for a status": { header: { procedure: ASSOCIATE, status: 1 }, body: associateBody, count: 1 },
};

/** Clients that do not keep to it: their connections end. */
const HOSTILE: Readonly<Record<string, { readonly body: Buffer; readonly count: number; readonly more?: string }>> = {
  "more than 32": { body: counted(33, associateBody), count: 33 },
  "4 294 967 295 of them": { body: counted(0xffffffff, associateBody), count: 2 },
  "no room for the number": { body: Buffer.alloc(3), count: 1 },
  "bytes without a descriptor": { body: counted(3, associateBody), count: 1, more: "xx" },
};

test.serial("thousands of descriptors that nobody wants are all closed", async (t) => {
  const served = await serve(t);
  const { near, far } = pairs(33);
  const first = await openWithDescriptors(served);
  await sendBehind(first, []);
  const before = openDescriptors();
  for (const [what, { header, body, count }] of Object.entries(USELESS)) {
    for (let round = 0; round < 100; round++) {
      first.send({ serial: 5, ...header, type: MESSAGE_TYPE.CALL_WITH_FDS }, counted(count, body));
      await sendBehind(first, far.slice(0, count));
      await t.notThrowsAsync(
        first.take(({ serial }) => serial === 5),
        what,
      );
    }
  }
  for (const [what, { body, count, more = "" }] of Object.entries(HOSTILE)) {
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const client = await openWithDescriptors(served);
        client.send({ procedure: ASSOCIATE, type: MESSAGE_TYPE.CALL_WITH_FDS }, body);
        await sendBehind(client, far.slice(0, count)).catch(() => {});
        client.socket.write(more);
        await client.closed;
      }),
    );
    t.pass(what);
  }
  await until(() => openDescriptors() <= before);
  t.is((await first.call(numberOf("connectGetType"))).status, MESSAGE_STATUS.OK);
  closeAll([...near, ...far]);
});

test.serial(
  "a client that leaves takes its descriptors along: on their way, waiting for the driver, and behind others",
  async (t) => {
    const served = await serve(t, { maxClientRequests: 1 });
    const { near, far } = pairs(8);
    const bystander = await openWithDescriptors(served);
    const before = openDescriptors();
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(Array.from({ length: 10 }, () => openWithDescriptors(served)));
      const running: (() => void)[] = [];
      served.hypervisor.associate = () => new Promise<void>((resolve) => running.push(resolve));
      for (const client of clients) {
        for (const promised of [4, 4, 8]) {
          client.send({ procedure: ASSOCIATE, type: MESSAGE_TYPE.CALL_WITH_FDS }, counted(promised, associateBody));
          await sendBehind(client, far.slice(0, 4));
        }
      }
      await until(() => running.length === clients.length);
      served.hypervisor.associate = undefined;
      for (const client of clients) client.close();
      for (const resolve of running) resolve();
    }
    await until(() => openDescriptors() <= before);
    t.is((await bystander.call(numberOf("connectGetType"))).status, MESSAGE_STATUS.OK);
    closeAll([...near, ...far]);
  },
);
