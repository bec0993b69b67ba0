import { MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import test from "ava";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import { frameOf, type Message, RawClient } from "../testing/raw-client.js";
import { RecordedLog } from "../testing/recorded-log.js";
import { serve, until } from "../testing/serve.js";
import { TEST_DOMAIN } from "../testing/tiny-driver.js";

const GET_TYPE = numberOf("connectGetType");
const KEEPALIVE = { program: 0x6b656570, version: 1, type: MESSAGE_TYPE.MESSAGE };

const bySerial = (serial: number) => (message: Message) => message.serial === serial;

test("slow calls over the limit wait, but fast calls and pings do not wait for them", async (t) => {
  const { hypervisor, open } = await serve(t, { maxClientRequests: 2 });
  const client = await open();
  for (let serial = 10; serial < 13; serial++)
    client.send({ procedure: numberOf("domainCreate"), serial }, bodyOf("domainCreate", { dom: TEST_DOMAIN }));
  t.is((await client.call(GET_TYPE)).status, MESSAGE_STATUS.OK);
  client.send({ ...KEEPALIVE, procedure: 1 });
  await client.take(({ program, procedure }) => program === KEEPALIVE.program && procedure === 2);
  t.is(
    (await client.call(numberOf("domainDestroy"), bodyOf("domainDestroy", { dom: TEST_DOMAIN }))).status,
    MESSAGE_STATUS.OK,
  );
  t.is(hypervisor.slow.length, 2);
  hypervisor.slow[0]?.settle();
  await client.take(bySerial(10));
  await until(() => hypervisor.slow.length === 3);
  t.pass();
});

test("a client with too many waiting calls is not read any further, until some are done", async (t) => {
  const { hypervisor, open } = await serve(t, { maxClientRequests: 1 });
  const client = await open();
  for (let serial = 10; serial < 14; serial++)
    client.send({ procedure: numberOf("domainCreate"), serial }, bodyOf("domainCreate", { dom: TEST_DOMAIN }));
  client.send({ procedure: GET_TYPE, serial: 50 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.deepEqual(client.inbox, []);
  for (let done = 0; done < 4; done++) {
    await until(() => hypervisor.slow.length > done);
    hypervisor.slow[done]?.settle();
  }
  await Promise.all([10, 11, 12, 13, 50].map((serial) => client.take(bySerial(serial))));
  t.pass();
});

test("all clients share the places for slow calls; a call of high priority takes none and passes those that wait", async (t) => {
  const { hypervisor, server, open } = await serve(t, { maxWorkers: 2 });
  const clients = [await open(), await open(), await open()];
  const create = bodyOf("domainCreate", { dom: TEST_DOMAIN });
  for (const client of clients) client.send({ procedure: numberOf("domainCreate"), serial: 10 }, create);
  const [, , third] = clients as [RawClient, RawClient, RawClient];
  const waiting = () => [...server.sessions].reduce((sum, { calls }) => sum + calls.waiting, 0);
  await until(() => waiting() === 1);
  for (const client of clients) t.is((await client.call(GET_TYPE)).status, MESSAGE_STATUS.OK);
  t.is(hypervisor.slow.length, 2);
  hypervisor.slow[0]?.settle();
  await until(() => hypervisor.slow.length === 3);
  t.is(waiting(), 0);
  third.send({ procedure: numberOf("domainCreate"), serial: 11 }, create);
  await until(() => waiting() === 1);
  server.adjust({ maxWorkers: 3 });
  await until(() => hypervisor.slow.length === 4);
  for (const client of clients) client.close();
  const late = await open();
  late.send({ procedure: numberOf("domainCreate"), serial: 12 }, create);
  await until(() => waiting() === 1);
  for (const call of hypervisor.slow) call.settle();
  await until(() => hypervisor.slow.length === 5);
  hypervisor.slow[4]?.settle();
  t.is((await late.take(bySerial(12))).status, MESSAGE_STATUS.OK);
});

test("a client that waits for a place and leaves is forgotten", async (t) => {
  const { hypervisor, server, open } = await serve(t, { maxWorkers: 1 });
  const [first, second, third] = [await open(), await open(), await open()];
  const create = bodyOf("domainCreate", { dom: TEST_DOMAIN });
  for (const client of [first, second]) client.send({ procedure: numberOf("domainCreate"), serial: 10 }, create);
  await until(() => [...server.sessions].some(({ calls }) => calls.waiting === 1));
  second.close();
  await until(() => server.clients === 2);
  third.send({ procedure: numberOf("domainCreate"), serial: 10 }, create);
  hypervisor.slow[0]?.settle();
  await until(() => hypervisor.slow.length === 2);
  hypervisor.slow[1]?.settle();
  t.is((await third.take(bySerial(10))).status, MESSAGE_STATUS.OK);
});

test("a close that has to wait for other calls closes the connection all the same", async (t) => {
  const { open } = await serve(t, { maxClientRequests: 2 });
  const client = await open();
  const destroy = frameOf({ procedure: numberOf("domainDestroy") }, bodyOf("domainDestroy", { dom: TEST_DOMAIN }));
  client.socket.write(
    Buffer.concat([destroy, destroy, destroy, destroy, frameOf({ procedure: numberOf("connectClose"), serial: 20 })]),
  );
  t.is((await client.take(bySerial(20))).status, MESSAGE_STATUS.OK);
  await client.closed;
});

test("a client that does not read does not make the server grow without bound", async (t) => {
  const { hypervisor, open } = await serve(t);
  const [client, other] = [await open(), await open()];
  hypervisor.capabilities = "x".repeat(4000000);
  client.socket.pause();
  const call = frameOf({ procedure: numberOf("connectGetCapabilities") });
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200; i++) client.socket.write(call);
  t.is((await other.call(GET_TYPE)).status, MESSAGE_STATUS.OK);
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.true(process.memoryUsage().arrayBuffers - before < 1e8);
  client.socket.resume();
  await until(() => client.inbox.length === 200);
  t.pass();
});

test("a client that has asked for it and falls silent is pinged, and dropped when it does not answer", async (t) => {
  const { connect } = await serve(t, { keepalive: { interval: 0.05, count: 3 } });
  const [silent, plain] = [await connect(), await connect()];
  await silent.call(numberOf("connectSupportsFeature"), bodyOf("connectSupportsFeature", { feature: 10 }));
  await silent.closed;
  t.deepEqual(
    silent.inbox.map(({ program, procedure, type }) => ({ program, procedure, type })),
    Array.from({ length: 3 }, () => ({ program: KEEPALIVE.program, procedure: 1, type: MESSAGE_TYPE.MESSAGE })),
  );
  t.deepEqual(plain.inbox, []);
  t.is((await plain.call(numberOf("authList"))).status, MESSAGE_STATUS.OK);
});

test("a client that answers pings stays", async (t) => {
  const { connect } = await serve(t, { keepalive: { interval: 0.05, count: 2 } });
  const client = await connect();
  await client.call(numberOf("connectSupportsFeature"), bodyOf("connectSupportsFeature", { feature: 10 }));
  for (let i = 0; i < 8; i++) {
    await client.take(({ program }) => program === KEEPALIVE.program);
    client.send({ ...KEEPALIVE, procedure: 2 });
  }
  t.is((await client.call(numberOf("authList"))).status, MESSAGE_STATUS.OK);
});

test("clients over the limit wait until one leaves, and those over the queue are turned away", async (t) => {
  const log = new RecordedLog();
  const { server, connect } = await serve(t, { maxClients: 1, maxQueuedClients: 1 }, log);
  const first = await connect();
  await first.call(numberOf("authList"));
  const second = await connect();
  const answer = second.call(numberOf("authList"));
  const third = await connect();
  await third.closed;
  t.is(server.clients, 1);
  const told = log.lines.filter(({ level }) => level === "warn");
  const pid = process.pid;
  t.like(told, [
    { message: "too many clients; a new one waits for its turn", clients: 1, queued: 0, pid },
    { message: "too many clients; a new one is turned away", clients: 1, queued: 1, pid },
  ]);
  first.close();
  t.is((await answer).status, MESSAGE_STATUS.OK);
});

test("a server that closes ends its clients and removes its sockets", async (t) => {
  const { server, path, open, hypervisor } = await serve(t);
  const client = await open();
  await server.close();
  await client.closed;
  t.is(hypervisor.closed, 1);
  await t.throwsAsync(RawClient.connect(path), { code: "ENOENT" });
});

test("a call that hangs and a client that does not read do not keep the server from ending", async (t) => {
  const { hypervisor, server, open } = await serve(t);
  const [hanging, deaf] = [await open(), await open()];
  hanging.send({ procedure: numberOf("domainCreate"), serial: 9 }, bodyOf("domainCreate", { dom: TEST_DOMAIN }));
  hypervisor.capabilities = "x".repeat(4000000);
  deaf.socket.pause();
  deaf.send({ procedure: numberOf("connectGetCapabilities"), serial: 10 });
  await until(() => hypervisor.slow.length === 1);
  const begin = performance.now();
  await server.close();
  t.true(performance.now() - begin < 60_000);
  await hanging.closed;
  t.true(hypervisor.slow[0]?.context.signal.aborted);
});
