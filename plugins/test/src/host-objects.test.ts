import { setImmediate as nextTurn } from "node:timers/promises";
import { NETWORK_EVENT, NODE_DEVICE_EVENT, parseUri, STORAGE_POOL_EVENT, silentLog, VirtError } from "@polyvisor/core";
import test from "ava";
import { TestDriver } from "./driver.js";
import { withConnection } from "./testing/behaving.js";

const context = { identity: {}, readOnly: false, signal: new AbortController().signal, log: silentLog };

test("what networks, pools and devices do is told, in order", async (t) => {
  const connection = await new TestDriver(silentLog).open(parseUri("test:///default"), context);
  const heard: unknown[] = [];
  for (const kind of [
    "networkLifecycle",
    "storagePoolLifecycle",
    "storagePoolRefresh",
    "nodeDeviceLifecycle",
  ] as const) {
    connection.objectEvents?.subscribe(kind, undefined, (event) => {
      heard.push([event.kind, "name" in event.object ? event.object.name : "", "event" in event ? event.event : null]);
    });
  }
  const net = await connection.networkLookupByName?.({ name: "default" }, context);
  const pool = await connection.storagePoolLookupByName?.({ name: "default-pool" }, context);
  if (net === undefined || pool === undefined) throw new Error("no network, or no pool");
  await connection.networkDestroy?.({ net }, context);
  await connection.networkCreate?.({ net }, context);
  await connection.storagePoolRefresh?.({ pool, flags: 0 }, context);
  await connection.storagePoolDestroy?.({ pool }, context);
  await connection.storagePoolBuild?.({ pool, flags: 0 }, context);
  await connection.storagePoolUndefine?.({ pool }, context);
  await connection.nodeDeviceDestroy?.({ name: "scsi_host11" }, context);
  await nextTurn();
  t.deepEqual(heard, [
    ["networkLifecycle", "default", NETWORK_EVENT.STOPPED],
    ["networkLifecycle", "default", NETWORK_EVENT.STARTED],
    ["storagePoolRefresh", "default-pool", null],
    ["storagePoolLifecycle", "default-pool", STORAGE_POOL_EVENT.STOPPED],
    ["storagePoolLifecycle", "default-pool", STORAGE_POOL_EVENT.CREATED],
    ["storagePoolLifecycle", "default-pool", STORAGE_POOL_EVENT.UNDEFINED],
    ["nodeDeviceLifecycle", "scsi_host11", NODE_DEVICE_EVENT.DELETED],
  ]);
});

test("a network that ran from another document has its definition again when it stops", (t) =>
  withConnection(async ({ api }) => {
    const uuid = "11111111-0000-0000-0000-000000000001";
    const document = (bridge: string) =>
      `<network><name>n</name><uuid>${uuid}</uuid><bridge name='${bridge}'/></network>`;
    const net = await api.networkDefineXML({ xml: document("defined0") });
    await api.networkCreateXML({ xml: document("once0") });
    t.is(await api.networkGetBridgeName({ net }), "once0");
    await api.networkDestroy({ net });
    t.is(await api.networkGetBridgeName({ net }), "defined0");
  }));

test("a change of interfaces that is rolled back leaves them as they were", (t) =>
  withConnection(async ({ api }) => {
    const iface = await api.interfaceLookupByName({ name: "eth1" });
    await api.interfaceChangeBegin({ flags: 0 });
    await api.interfaceDestroy({ iface, flags: 0 });
    await api.interfaceUndefine({ iface });
    await api.interfaceChangeRollback({ flags: 0 });
    t.true(await api.interfaceIsActive({ iface }));
  }));

test("a volume can be made from one of another pool", (t) =>
  withConnection(async ({ api }) => {
    const xml = "<pool type='dir'><name>other</name><target><path>/other</path></target></pool>";
    const other = await api.storagePoolCreateXML({ xml, flags: 0 });
    const volume = "<volume><name>v</name><capacity>1024</capacity></volume>";
    const clonevol = await api.storageVolCreateXML({ pool: other, xml: volume, flags: 0 });
    const pool = await api.storagePoolLookupByName({ name: "default-pool" });
    const vol = await api.storageVolCreateXMLFrom({ pool, xml: volume, clonevol, flags: 0 });
    t.is(await api.storageVolGetPath({ vol }), "/default-pool/v");
    t.is(Number((await api.storagePoolGetInfo({ pool })).allocation), 1024);
  }));

test("a list of all devices that are there is given, and what is no virtual port cannot be taken away", (t) =>
  withConnection(async ({ api }) => {
    const ACTIVE = 2147483648;
    t.is((await api.connectListAllNodeDevices({ flags: ACTIVE })).length, 4);
    await t.throwsAsync(() => api.nodeDeviceDestroy({ name: "computer" }), {
      message: "internal error: Device is not a fibre channel HBA",
    });
  }));

test("going back to a snapshot of a domain that was off starts it where that is asked for", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const domain = await connection.domain("test");
    await domain.destroy();
    const dom = await api.domainLookupByName({ name: "test" });
    const snap = await api.domainSnapshotCreateXML({ dom, xmlDesc: "<domainsnapshot/>", flags: 0 });
    const PAUSED = 2;
    await api.domainRevertToSnapshot({ snap, flags: PAUSED });
    t.deepEqual(await api.domainGetState({ dom, flags: 0 }), { state: 3, reason: 7 });
  }));

test("a save that cannot be written leaves the domain running", (t) =>
  withConnection(async ({ api }) => {
    const dom = await api.domainLookupByName({ name: "test" });
    await t.throwsAsync(() => api.domainSave({ dom, to: "/no/such/folder/file" }), {
      message: "saving domain 'test' to '/no/such/folder/file': open failed: No such file or directory",
    });
    t.true(await api.domainIsActive({ dom }));
  }));

test("a guest's port is plugged into the network's bridge, and is gone when the network stops", (t) =>
  withConnection(async ({ api }) => {
    const uuid = "44444444-0000-0000-0000-000000000001";
    const owner = "<owner><name>g</name><uuid>44444444-0000-0000-0000-000000000002</uuid></owner>";
    const xml = `<networkport><uuid>${uuid}</uuid>${owner}<mac address='52:54:00:7b:35:93'/></networkport>`;
    const network = await api.networkLookupByName({ name: "default" });
    const port = await api.networkPortCreateXML({ network, xml, flags: 0 });
    const again = await t.throwsAsync(() => api.networkPortCreateXML({ network, xml, flags: 0 }), {
      instanceOf: VirtError,
    });
    t.is(again.code, "NETWORK_PORT_EXIST");
    await api.networkPortSetParameters({
      port,
      params: [{ field: "inbound.average", type: "uint", value: 100 }],
      flags: 0,
    });
    const document = await api.networkPortGetXMLDesc({ port, flags: 0 });
    t.regex(document, /<inbound average='100'\/>/);
    t.regex(document, /<plug type='network' bridge='virbr0'\/>/);
    t.deepEqual(await api.networkListAllPorts({ network, flags: 0 }), [port]);
    await api.networkDestroy({ net: network });
    await api.networkCreate({ net: network });
    t.deepEqual(await api.networkListAllPorts({ network, flags: 0 }), []);
  }));
