import { type AccessPolicy, VirtError } from "@polyvisor/core";
import { MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import test from "ava";
import { bodyOf, numberOf, resultOf } from "../testing/call-bodies.js";
import { errorOf, type Message, type RawClient } from "../testing/raw-client.js";
import { serve, until } from "../testing/serve.js";
import { OTHER_DOMAIN, TEST_DOMAIN } from "../testing/tiny-driver.js";

const LIFECYCLE = { modern: 318, legacy: 107 };
const ALL_KINDS = 27;

async function register(client: RawClient, eventID: number, dom: object | null = null): Promise<number> {
  const name = "connectDomainEventCallbackRegisterAny";
  return resultOf(name, (await client.call(numberOf(name), bodyOf(name, { eventID, dom }))).body).callbackID as number;
}

const isEvent = ({ type }: Message) => type === MESSAGE_TYPE.MESSAGE;

test("every kind of event can be registered at once, and deregistered", async (t) => {
  const { hypervisor, open } = await serve(t);
  const client = await open();
  const ids = await Promise.all(Array.from({ length: ALL_KINDS }, (_, eventID) => register(client, eventID)));
  t.is(new Set(ids).size, ALL_KINDS);
  t.is(hypervisor.subscriptions, ALL_KINDS);
  const name = "connectDomainEventCallbackDeregisterAny";
  const ends = await Promise.all(ids.map((callbackID) => client.call(numberOf(name), bodyOf(name, { callbackID }))));
  t.true(ends.every(({ status }) => status === MESSAGE_STATUS.OK));
  t.is(hypervisor.subscriptions, 0);
});

test("an event carries the id of its registration, the domain and what happened", async (t) => {
  const { hypervisor, open } = await serve(t);
  const client = await open();
  await register(client, 1);
  const id = await register(client, 0);
  hypervisor.events.emit({ kind: "lifecycle", dom: TEST_DOMAIN, event: 5, detail: 1 });
  const event = await client.take(isEvent);
  t.like(event, { program: 0x20008086, version: 1, procedure: LIFECYCLE.modern, status: MESSAGE_STATUS.OK });
  t.is(
    event.body.toString("hex"),
    [
      id.toString(16).padStart(8, "0"),
      `00000004${Buffer.from("test").toString("hex")}`,
      TEST_DOMAIN.uuid.replaceAll("-", ""),
      "00000001",
      "00000005",
      "00000001",
    ].join(""),
  );
});

test("both older generations get the event without an id, under its older number", async (t) => {
  const { hypervisor, open } = await serve(t);
  const [first, second] = [await open(), await open()];
  await first.call(numberOf("connectDomainEventRegister"));
  const any = "connectDomainEventRegisterAny";
  await second.call(numberOf(any), bodyOf(any, { eventID: 0 }));
  hypervisor.events.emit({ kind: "lifecycle", dom: TEST_DOMAIN, event: 5, detail: 1 });
  for (const client of [first, second]) {
    const event = await client.take(isEvent);
    t.is(event.procedure, LIFECYCLE.legacy);
    t.is(event.body.readUInt32BE(0), 4);
  }
  await first.call(numberOf("connectDomainEventDeregister"));
  const end = "connectDomainEventDeregisterAny";
  await second.call(numberOf(end), bodyOf(end, { eventID: 0 }));
  t.is(hypervisor.subscriptions, 0);
  t.is(
    errorOf(await second.call(numberOf(end), bodyOf(end, { eventID: 0 }))).message,
    "internal error: domain event 0 not registered",
  );
});

test("what old clients know of an event has no reason where libvirt's has none", async (t) => {
  const { hypervisor, open } = await serve(t);
  const [old, modern] = [await open(), await open()];
  const any = "connectDomainEventRegisterAny";
  await old.call(numberOf(any), bodyOf(any, { eventID: 11 }));
  await register(modern, 11);
  hypervisor.events.emit({ kind: "pmWakeup", dom: TEST_DOMAIN, reason: 0 });
  const [told, toldModern] = [await old.take(isEvent), await modern.take(isEvent)];
  t.like(told, { procedure: 269 });
  t.like(toldModern, { procedure: 329 });
  t.deepEqual(toldModern.body.subarray(8), told.body);
});

test("events of one domain go only to those who asked for it or for all", async (t) => {
  const { hypervisor, open } = await serve(t);
  const [all, other] = [await open(), await open()];
  await register(all, 0);
  await register(other, 0, OTHER_DOMAIN);
  hypervisor.events.emit({ kind: "lifecycle", dom: TEST_DOMAIN, event: 5, detail: 1 });
  hypervisor.events.emit({ kind: "lifecycle", dom: OTHER_DOMAIN, event: 2, detail: 0 });
  await until(() => all.inbox.length === 2 && other.inbox.length === 1);
  t.true(other.inbox[0]?.body.includes("other"));
});

test("the same registration twice is refused, as libvirtd refuses it", async (t) => {
  const { open } = await serve(t);
  const client = await open();
  await register(client, 0);
  const name = "connectDomainEventCallbackRegisterAny";
  const again = await client.call(numberOf(name), bodyOf(name, { eventID: 0, dom: null }));
  t.like(errorOf(again), { code: 8, message: "invalid argument: event callback already tracked" });
  t.is(typeof (await register(client, 0, TEST_DOMAIN)), "number");
});

test("of two registrations that are sent at once the second is refused, and none is left behind", async (t) => {
  const { hypervisor, open } = await serve(t);
  const client = await open();
  const name = "connectDomainEventCallbackRegisterAny";
  const body = bodyOf(name, { eventID: 0, dom: null });
  for (const serial of [71, 72]) client.send({ procedure: numberOf(name), serial }, body);
  const first = await client.take(({ serial }) => serial === 71);
  const second = await client.take(({ serial }) => serial === 72);
  t.is(first.status, MESSAGE_STATUS.OK);
  t.is(errorOf(second).message, "invalid argument: event callback already tracked");
  t.is(hypervisor.subscriptions, 1);
  client.close();
  await until(() => hypervisor.closed === 1);
  t.is(hypervisor.subscriptions, 0);
});

test("events that one client's calls cause reach another client, one each", async (t) => {
  const { open } = await serve(t);
  const [actor, watcher] = [await open(), await open()];
  await register(watcher, 0);
  for (let serial = 10; serial < 20; serial++)
    actor.send({ procedure: numberOf("domainSuspend"), serial }, bodyOf("domainSuspend", { dom: TEST_DOMAIN }));
  await until(() => watcher.inbox.length === 10);
  t.true(watcher.inbox.every(isEvent));
});

test("nothing of a client that is gone is left in the driver", async (t) => {
  const { hypervisor, open } = await serve(t);
  const client = await open();
  await register(client, 0);
  await register(client, 3);
  client.close();
  await until(() => hypervisor.subscriptions === 0 && hypervisor.closed === 1);
  hypervisor.events.emit({ kind: "lifecycle", dom: TEST_DOMAIN, event: 5, detail: 1 });
  t.pass();
});

test("a call that comes to register when its client has gone leaves nothing in the driver", async (t) => {
  let allow: (() => void) | undefined;
  const policy: AccessPolicy = {
    allows: ({ call }) =>
      call !== "connectDomainEventCallbackRegisterAny" ||
      new Promise((resolve) => {
        allow = () => resolve(true);
      }),
  };
  const { hypervisor, server, open } = await serve(t, { policy, maxClients: 1 });
  const client = await open();
  register(client, 0).catch(() => {});
  await until(() => allow !== undefined);
  client.close();
  // There is room for another client as soon as the server knows that the first one has gone.
  await open();
  allow?.();
  await until(() => server.clients === 1);
  t.is(hypervisor.subscriptions, 0);
});

test("clients that asked for it are told when the driver loses what it drives", async (t) => {
  const { hypervisor, open } = await serve(t);
  const [asked, changedItsMind, silent] = [await open(), await open(), await open()];
  await asked.call(numberOf("connectRegisterCloseCallback"));
  await changedItsMind.call(numberOf("connectRegisterCloseCallback"));
  await changedItsMind.call(numberOf("connectUnregisterCloseCallback"));
  hypervisor.lose(new VirtError("SYSTEM_ERROR", "gone"));
  t.is((await asked.take(isEvent)).procedure, 362);
  t.deepEqual([changedItsMind.inbox, silent.inbox], [[], []]);
});
