import { type HypervisorCallName, type ObjectEvent, objectEvents, xdr } from "@polyvisor/core";
import { MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import test from "ava";
import { bodyOf, numberOf, resultOf } from "../testing/call-bodies.js";
import { errorOf, type Message, type RawClient } from "../testing/raw-client.js";
import { serve } from "../testing/serve.js";

const uuid = (digit: number) => `00000000-0000-0000-0000-00000000000${digit}`;
const NET = { name: "default", uuid: uuid(1) };
const POOL = { name: "images", uuid: uuid(2) };
const DEVICE = { name: "pci_0000_00_02_0" };
const SECRET = { uuid: uuid(3), usageType: 1, usageID: "/images/a.qcow2" };

type Sort = "Network" | "StoragePool" | "NodeDevice" | "Secret";
interface Row {
  readonly sort: Sort;
  readonly argument: string;
  readonly eventID: number;
  readonly event: ObjectEvent;
  /** Another object of the sort: a registration for it hears nothing. */
  readonly other: object;
}

const other = { name: "other", uuid: uuid(9), usageType: 1, usageID: "other" };
const happened = { event: 1, detail: 0 };
const ROWS: readonly Row[] = [
  {
    sort: "Network",
    argument: "net",
    eventID: 0,
    event: { kind: "networkLifecycle", object: NET, ...happened },
    other,
  },
  {
    sort: "StoragePool",
    argument: "pool",
    eventID: 0,
    event: { kind: "storagePoolLifecycle", object: POOL, ...happened },
    other,
  },
  { sort: "StoragePool", argument: "pool", eventID: 1, event: { kind: "storagePoolRefresh", object: POOL }, other },
  {
    sort: "NodeDevice",
    argument: "dev",
    eventID: 0,
    event: { kind: "nodeDeviceLifecycle", object: DEVICE, ...happened },
    other,
  },
  { sort: "NodeDevice", argument: "dev", eventID: 1, event: { kind: "nodeDeviceUpdate", object: DEVICE }, other },
  {
    sort: "Secret",
    argument: "secret",
    eventID: 0,
    event: { kind: "secretLifecycle", object: SECRET, ...happened },
    other,
  },
  { sort: "Secret", argument: "secret", eventID: 1, event: { kind: "secretValueChanged", object: SECRET }, other },
];

const registerCall = (sort: Sort): HypervisorCallName => `connect${sort}EventRegisterAny`;
const deregisterCall = (sort: Sort): HypervisorCallName => `connect${sort}EventDeregisterAny`;

function call(client: RawClient, name: HypervisorCallName, args: Record<string, unknown>): Promise<Message> {
  return client.call(numberOf(name), bodyOf(name, args));
}

async function register(client: RawClient, { sort, argument, eventID }: Row, object: object | null): Promise<number> {
  const name = registerCall(sort);
  const reply = await call(client, name, { eventID, [argument]: object });
  return resultOf(name, reply.body).callbackID as number;
}

for (const row of ROWS) {
  test(`${row.event.kind}: reaches those who registered, for all objects or for this one, until they leave`, async (t) => {
    const { hypervisor, open } = await serve(t);
    const client = await open();
    await register(client, row, row.other);
    const ids = [await register(client, row, null), await register(client, row, row.event.object)];
    hypervisor.objectEvents.emit(row.event);
    const { number, body } = objectEvents[row.event.kind];
    const wanted = xdr.encodeToBuffer(body as unknown as xdr.Codec<unknown, ObjectEvent>, row.event).toString("hex");
    for (const id of ids) {
      const message = await client.take(({ type }) => type === MESSAGE_TYPE.MESSAGE);
      t.is(message.procedure, number);
      t.is(message.body.toString("hex"), id.toString(16).padStart(8, "0") + wanted);
    }
    const again = await call(client, registerCall(row.sort), { eventID: row.eventID, [row.argument]: null });
    t.is(errorOf(again).message, "invalid argument: event callback already tracked");
    for (const callbackID of ids) {
      const reply = await call(client, deregisterCall(row.sort), { callbackID });
      t.is(reply.status, MESSAGE_STATUS.OK);
    }
    const late = await call(client, deregisterCall(row.sort), { callbackID: ids[0] });
    t.regex(errorOf(late).message ?? "", /^internal error: .* event callback \d+ not registered$/);
  });
}

test("an event that libvirt does not have is refused", async (t) => {
  const { open } = await serve(t);
  const client = await open();
  const reply = await call(client, "connectNetworkEventRegisterAny", { eventID: 7, net: null });
  t.is(errorOf(reply).message, "internal error: unsupported network event ID 7");
});
