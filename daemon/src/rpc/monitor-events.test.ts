import { type MonitorEvent, qemuMessages, qemuProgram, xdr } from "@polyvisor/core";
import { type FrameHeader, MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import test from "ava";
import { bodyOf, numberOf, resultOf } from "../testing/call-bodies.js";
import { errorOf, type Message, RawClient } from "../testing/raw-client.js";
import { serve, until } from "../testing/serve.js";
import { OTHER_DOMAIN, TEST_DOMAIN } from "../testing/tiny-driver.js";

const REGISTER = "connectDomainQemuMonitorEventRegister";
const DEREGISTER = "connectDomainQemuMonitorEventDeregister";
const { number: program, version } = qemuProgram;
const ALL = { dom: null, event: null, flags: 0 };

const isEvent = ({ type }: Message) => type === MESSAGE_TYPE.MESSAGE;

let serial = 1000;

/** Makes a call of the qemu program. */
function call(client: RawClient, name: typeof REGISTER | typeof DEREGISTER, args: Record<string, unknown>) {
  const header: Partial<FrameHeader> = { program, version, procedure: numberOf(name), serial: ++serial };
  const mine = serial;
  client.send(header, bodyOf(name, args));
  return client.take((message) => message.type === MESSAGE_TYPE.REPLY && message.serial === mine);
}

async function register(client: RawClient, wanted: object = {}): Promise<number> {
  const reply = await call(client, REGISTER, { ...ALL, ...wanted });
  return resultOf(REGISTER, reply.body).callbackID as number;
}

const said = (event: string, dom = TEST_DOMAIN, details: string | null = null): MonitorEvent => ({
  dom,
  event,
  seconds: 1700000000n,
  micros: 5,
  details,
});

async function heard(client: RawClient) {
  const message = await client.take(isEvent);
  return { message, body: xdr.decodeFromBuffer(qemuMessages.domainQemuMonitorEvent.body, message.body) };
}

test("a monitor's event comes in the qemu program, with the id of each registration that wants it", async (t) => {
  const { hypervisor, open } = await serve(t);
  const client = await open();
  const ids = [await register(client), await register(client), await register(client, { event: "RESET" })];
  t.is(new Set(ids).size, 3);
  const event = said("STOP", TEST_DOMAIN, '{"a":1}');
  hypervisor.monitorEvents.emit(event);
  for (const callbackID of ids.slice(0, 2)) {
    const { message, body } = await heard(client);
    t.like(message, { program, version, procedure: 6, status: MESSAGE_STATUS.OK });
    t.like(body, { ...event, dom: { name: "test" }, callbackID });
  }
  const ended = await Promise.all(ids.slice(0, 2).map((callbackID) => call(client, DEREGISTER, { callbackID })));
  t.true(ended.every(({ status }) => status === MESSAGE_STATUS.OK));
  hypervisor.monitorEvents.emit(said("STOP"));
  hypervisor.monitorEvents.emit(said("RESET"));
  t.is((await heard(client)).body.event, "RESET");
  t.like(errorOf(await call(client, DEREGISTER, { callbackID: ids[0] })), {
    code: 1,
    message: `internal error: qemu monitor event callback ${ids[0]} not registered`,
  });
  client.close();
  await until(() => !hypervisor.monitorEvents.isHeard);
});

test("only who may change something hears monitors", async (t) => {
  const { readOnlyPath } = await serve(t);
  const client = await RawClient.connect(readOnlyPath);
  t.teardown(() => client.close());
  await client.open("test:///default");
  for (const [name, args] of [
    [REGISTER, ALL],
    [DEREGISTER, { callbackID: 0 }],
  ] as const)
    t.like(errorOf(await call(client, name, args)), {
      code: 29,
      message: `operation forbidden: read only access prevents vir${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    });
});

test("made-up policy: what a monitor says of a domain that the client may not see stays unsaid", async (t) => {
  const policy = {
    allows: async ({ attributes }: { attributes: Readonly<Record<string, string>> }) =>
      attributes.domain_name !== OTHER_DOMAIN.name,
  };
  const { hypervisor, open } = await serve(t, { policy });
  const client = await open();
  await register(client);
  hypervisor.monitorEvents.emit(said("STOP", OTHER_DOMAIN));
  hypervisor.monitorEvents.emit(said("RESUME"));
  t.like((await heard(client)).body, { event: "RESUME", dom: { name: "test" } });
});
