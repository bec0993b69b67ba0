import { xdr } from "@polyvisor/core";
import { MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import test from "ava";
import { bodyOf, numberOf, resultOf } from "../testing/call-bodies.js";
import { errorOf, frameOf, type Message, type RawClient } from "../testing/raw-client.js";
import { serve, until } from "../testing/serve.js";
import { OTHER_DOMAIN, TEST_DOMAIN } from "../testing/tiny-driver.js";

const GET_TYPE = numberOf("connectGetType");
const KEEPALIVE = { program: 0x6b656570, version: 1, type: MESSAGE_TYPE.MESSAGE };
const RPC = { code: 39, domain: 7 };
const NOT_OPEN = { code: 1, domain: 7, message: "internal error: hypervisor connection not open" };

const bySerial = (serial: number) => (message: Message) => message.serial === serial;

/** Errors as libvirtd 9.0.0 answers them. `opened`: the client has opened a URI first. */
const REFUSALS: readonly {
  readonly what: string;
  readonly opened: boolean;
  readonly send: Parameters<RawClient["send"]>;
  readonly error: Record<string, unknown>;
}[] = [
  {
    what: "an unknown procedure",
    opened: true,
    send: [{ procedure: 9999 }],
    error: { ...RPC, message: "unknown procedure: 9999" },
  },
  {
    what: "a negative procedure",
    opened: true,
    send: [{ procedure: -5 }],
    error: { ...RPC, message: "unknown procedure: -5" },
  },
  {
    what: "an unknown program",
    opened: true,
    send: [{ program: 1, procedure: GET_TYPE }],
    error: { ...RPC, message: "Cannot find program 1 version 1" },
  },
  {
    what: "another version of the program",
    opened: true,
    send: [{ version: 2, procedure: GET_TYPE }],
    error: { ...RPC, message: "Cannot find program 536903814 version 2" },
  },
  {
    what: "a call that is already an error",
    opened: true,
    send: [{ procedure: GET_TYPE, status: MESSAGE_STATUS.ERROR }],
    error: { ...RPC, message: "Unexpected message status 1" },
  },
  {
    what: "arguments that end too early",
    opened: true,
    send: [{ procedure: numberOf("domainGetInfo") }, Buffer.alloc(3)],
    error: { ...RPC, message: "Unable to decode message payload" },
  },
  {
    what: "a string longer than the whole message",
    opened: true,
    send: [{ procedure: numberOf("domainLookupByName") }, Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    error: { ...RPC, message: "Unable to decode message payload" },
  },
  { what: "a call before the URI is opened", opened: false, send: [{ procedure: GET_TYPE }], error: NOT_OPEN },
  {
    what: "a feature before the URI is opened",
    opened: false,
    send: [{ procedure: numberOf("connectSupportsFeature") }, bodyOf("connectSupportsFeature", { feature: 14 })],
    error: NOT_OPEN,
  },
  {
    what: "a URI of an unknown hypervisor",
    opened: false,
    send: [{ procedure: numberOf("connectOpen") }, bodyOf("connectOpen", { name: "foo:///bar", flags: 0 })],
    error: { code: 5, domain: 0, message: "no connection driver available for foo:///bar" },
  },
  {
    what: "a second URI",
    opened: true,
    send: [{ procedure: numberOf("connectOpen") }, bodyOf("connectOpen", { name: "test:///default", flags: 0 })],
    error: { code: 1, domain: 7, message: "internal error: connection already open" },
  },
  {
    what: "a call that the driver lacks",
    opened: true,
    send: [{ procedure: numberOf("domainReboot") }, bodyOf("domainReboot", { dom: TEST_DOMAIN, flags: 0 })],
    error: {
      code: 3,
      domain: 20,
      message: "this function is not supported by the connection driver: virDomainReboot",
    },
  },
  {
    what: "a domain that is not there",
    opened: true,
    send: [
      { procedure: numberOf("domainGetState") },
      bodyOf("domainGetState", { dom: { ...TEST_DOMAIN, uuid: "00000000-0000-0000-0000-000000000001" }, flags: 0 }),
    ],
    error: {
      code: 42,
      domain: 12,
      message: "Domain not found: no domain with matching uuid '00000000-0000-0000-0000-000000000001' (test)",
    },
  },
  {
    what: "a bug of the driver",
    opened: true,
    send: [{ procedure: numberOf("domainReset") }, bodyOf("domainReset", { dom: TEST_DOMAIN, flags: 0 })],
    error: { code: 1, domain: 0, message: "internal error: a bug of the driver" },
  },
  {
    what: "an event id that libvirt does not have",
    opened: true,
    send: [
      { procedure: numberOf("connectDomainEventCallbackRegisterAny") },
      bodyOf("connectDomainEventCallbackRegisterAny", { eventID: 27, dom: null }),
    ],
    error: { code: 1, domain: 7, message: "internal error: unsupported event ID 27" },
  },
  {
    what: "a new event id in the old way",
    opened: true,
    send: [
      { procedure: numberOf("connectDomainEventRegisterAny") },
      bodyOf("connectDomainEventRegisterAny", { eventID: 16 }),
    ],
    error: { code: 1, domain: 7, message: "internal error: unsupported event ID 16" },
  },
  {
    what: "the end of a registration that was never made",
    opened: true,
    send: [
      { procedure: numberOf("connectDomainEventCallbackDeregisterAny") },
      bodyOf("connectDomainEventCallbackDeregisterAny", { callbackID: 99 }),
    ],
    error: { code: 1, domain: 7, message: "internal error: domain event callback 99 not registered" },
  },
];

for (const { what, opened, send, error } of REFUSALS) {
  test(`refused, and the connection stays usable: ${what}`, async (t) => {
    const { connect, open } = await serve(t);
    const client = await (opened ? open() : connect());
    client.send({ serial: 70, ...send[0] }, send[1]);
    const answer = await client.take(bySerial(70));
    t.like(errorOf(answer), error);
    t.is(answer.type, MESSAGE_TYPE.REPLY);
    t.is(answer.program, send[0].program ?? 0x20008086);
    t.is(answer.procedure, send[0].procedure ?? 0);
    if (!opened) await client.open("test:///default");
    t.is((await client.call(GET_TYPE)).status, MESSAGE_STATUS.OK);
  });
}

const BREAKS: readonly { readonly what: string; readonly bytes: Buffer }[] = [
  { what: "a length below the header", bytes: Buffer.from([0, 0, 0, 20]) },
  { what: "a length over the limit", bytes: Buffer.from([2, 0, 0, 5]) },
  { what: "a length of 4 GiB", bytes: Buffer.from([255, 255, 255, 255]) },
  { what: "text", bytes: Buffer.from("GET / HTTP/1.1\r\n\r\n") },
  {
    what: "file descriptors that were not asked for",
    bytes: frameOf({ procedure: GET_TYPE, type: MESSAGE_TYPE.CALL_WITH_FDS }, Buffer.from([0, 0, 0, 1])),
  },
];

for (const { what, bytes } of BREAKS) {
  test(`closed, and nobody else notices: a client that sends ${what}`, async (t) => {
    const { connect, open } = await serve(t);
    const other = await open();
    const client = await connect();
    client.socket.write(bytes);
    await client.closed;
    t.is((await other.call(GET_TYPE)).status, MESSAGE_STATUS.OK);
  });
}

test("messages that nobody has to answer are dropped", async (t) => {
  const { open } = await serve(t);
  const client = await open();
  client.send({ type: MESSAGE_TYPE.REPLY, procedure: GET_TYPE, serial: 5 });
  client.send({ type: MESSAGE_TYPE.MESSAGE, procedure: GET_TYPE, serial: 5 });
  client.send({ type: MESSAGE_TYPE.STREAM, procedure: 201, serial: 5, status: MESSAGE_STATUS.CONTINUE });
  client.send({ type: MESSAGE_TYPE.STREAM_HOLE, procedure: 201, serial: 5 });
  client.send({ program: 1, type: MESSAGE_TYPE.MESSAGE, serial: 5 });
  client.send({ ...KEEPALIVE, procedure: 2 });
  t.is((await client.call(GET_TYPE)).status, MESSAGE_STATUS.OK);
  t.deepEqual(client.inbox, []);
});

test("a call sent one byte at a time is answered", async (t) => {
  const { open } = await serve(t);
  const client = await open();
  for (const byte of frameOf({ procedure: GET_TYPE, serial: 8 })) {
    client.socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  t.is(resultOf("connectGetType", (await client.take(bySerial(8))).body).type, "TINY");
});

test("a thousand calls in one write are answered in their order, and another client gets its turn between them", async (t) => {
  const { open } = await serve(t);
  const [client, other] = [await open(), await open()];
  const calls = Array.from({ length: 1000 }, (_, serial) => frameOf({ procedure: GET_TYPE, serial: serial + 100 }));
  client.socket.write(Buffer.concat(calls));
  await client.take(bySerial(100));
  t.is((await other.call(GET_TYPE)).status, MESSAGE_STATUS.OK);
  await until(() => client.inbox.length === 999);
  t.deepEqual(
    client.inbox.map(({ serial }) => serial),
    Array.from({ length: 999 }, (_, index) => index + 101),
  );
});

test("a list comes with or without its entries, as the client wants, and always with the count", async (t) => {
  const { open } = await serve(t);
  const client = await open();
  const list = async (needResults: number) => {
    const reply = await client.call(
      numberOf("connectListAllDomains"),
      bodyOf("connectListAllDomains", { needResults, flags: 0 }),
    );
    return resultOf("connectListAllDomains", reply.body);
  };
  t.deepEqual(await list(0), { domains: [], ret: 2 });
  t.deepEqual(await list(1), { domains: [TEST_DOMAIN, OTHER_DOMAIN].map((dom) => ({ ...dom })), ret: 2 });
});

test("a result that no message can carry becomes an error", async (t) => {
  const { hypervisor, open } = await serve(t);
  const client = await open();
  hypervisor.capabilities = "x".repeat(4194305);
  const reply = await client.call(numberOf("connectGetCapabilities"));
  t.is(errorOf(reply).code, 39);
  t.is((await client.call(GET_TYPE)).status, MESSAGE_STATUS.OK);
});

test("the URI is the canonical one, whatever name and way the client came by", async (t) => {
  const { connect } = await serve(t);
  for (const name of ["test:///default", "test+unix:///default?socket=/somewhere&mode=direct", "", null]) {
    const client = await connect();
    await client.open(name);
    t.is(resultOf("connectGetURI", (await client.call(numberOf("connectGetURI"))).body).uri, "test:///default");
  }
});

test("features: keepalive before a URI is opened, then descriptors, events and close callbacks", async (t) => {
  const { connect } = await serve(t);
  const client = await connect();
  const supports = async (feature: number) => {
    const reply = await client.call(numberOf("connectSupportsFeature"), bodyOf("connectSupportsFeature", { feature }));
    return resultOf("connectSupportsFeature", reply.body).supported;
  };
  t.is(await supports(10), 1);
  await client.open("test:///default");
  t.deepEqual(await Promise.all([8, 9, 14, 15, 16].map(supports)), [1, 1, 1, 1, 1]);
});

test("connectClose is answered, then the connection ends and the driver is told once", async (t) => {
  const { hypervisor, open } = await serve(t);
  const client = await open();
  t.is((await client.call(numberOf("connectClose"))).status, MESSAGE_STATUS.OK);
  await client.closed;
  await until(() => hypervisor.closed === 1);
  t.is(hypervisor.closed, 1);
});

test("a client that disappears has its calls told and its driver connection closed after them", async (t) => {
  const { hypervisor, open } = await serve(t);
  const client = await open();
  client.send({ procedure: numberOf("domainCreate"), serial: 9 }, bodyOf("domainCreate", { dom: TEST_DOMAIN }));
  await until(() => hypervisor.slow.length === 1);
  const [call] = hypervisor.slow;
  const { signal } = call?.context ?? {};
  t.false(signal?.aborted);
  client.close();
  await until(() => signal?.aborted === true);
  t.is(hypervisor.closed, 0);
  call?.settle();
  await until(() => hypervisor.closed === 1);
  t.pass();
});

test("a call knows who makes it", async (t) => {
  const { hypervisor, open } = await serve(t);
  const client = await open();
  client.send({ procedure: numberOf("domainCreate"), serial: 9 }, bodyOf("domainCreate", { dom: TEST_DOMAIN }));
  await until(() => hypervisor.slow.length === 1);
  t.deepEqual(hypervisor.slow[0]?.context.identity, {
    pid: process.pid,
    uid: process.getuid?.() ?? -1,
    gid: process.getgid?.() ?? -1,
  });
});

test("types of authentication: none", async (t) => {
  const { connect } = await serve(t);
  const reply = await (await connect()).call(numberOf("authList"));
  t.deepEqual(reply.body, xdr.encodeToBuffer(xdr.array(xdr.i32, 20), [0]));
});
