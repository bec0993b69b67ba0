import { fileURLToPath } from "node:url";
import {
  type Connection,
  createHost,
  type HypervisorConnection,
  type ObjectEvent,
  type ObjectEventKind,
  parseUri,
  silentLog,
} from "@polyvisor/core";
import { hasLibvirtd, type PrivateLibvirtd, startLibvirtd } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";

const present = await hasLibvirtd();
const real = present ? test : test.skip;
if (!present) test.skip("no libvirtd is installed, so nothing tells of networks, pools, devices and secrets", () => {});

let daemon: PrivateLibvirtd;
const host = await createHost({ plugins: [fileURLToPath(new URL("..", import.meta.url))] });

test.before(async () => {
  if (present) daemon = await startLibvirtd();
});
test.after.always(async () => {
  await host.close();
  await daemon?.stop();
});

interface Open {
  readonly driver: HypervisorConnection;
  readonly api: Connection["api"];
  /** "kind name event" of what has been heard. */
  readonly heard: string[];
  listen(kind: ObjectEventKind, about?: { readonly uuid: string }): Promise<() => unknown>;
}

async function open(t: ExecutionContext, uri: string): Promise<Open> {
  const address = `${uri}?socket=${daemon.socket}`;
  const context = { identity: {}, readOnly: false, signal: new AbortController().signal, log: silentLog };
  const driver = await host.openDriver(parseUri(address), context);
  const connection = await host.open(address);
  t.teardown(() => Promise.all([driver.close(), connection.close()]));
  const heard: string[] = [];
  const note = (event: ObjectEvent) =>
    heard.push(
      `${event.kind} ${"name" in event.object ? event.object.name : event.object.usageID} ${"event" in event ? event.event : "-"}`,
    );
  const listen = async (kind: ObjectEventKind, about?: { readonly uuid: string }) =>
    (await driver.objectEvents?.subscribe(kind, about, note)) ?? (() => {});
  return { driver, api: connection.api, heard, listen };
}

/** The other connection's changes are told before the answer to what is asked after them. */
async function settle({ driver }: Open): Promise<void> {
  const context = { identity: {}, readOnly: false, signal: new AbortController().signal, log: silentLog };
  await driver.connectGetHostname?.({}, context);
}

real("networks and pools of the test driver tell what happens to them, to those who asked", async (t) => {
  const one = await open(t, "test+unix:///default");
  const leave = await one.listen("networkLifecycle");
  await one.listen("storagePoolLifecycle");
  await one.listen("storagePoolRefresh");
  const net = await one.api.networkDefineXML({ xml: "<network><name>n1</name></network>" });
  await one.api.networkCreate({ net });
  await one.api.networkDestroy({ net });
  const other = await one.api.networkDefineXML({ xml: "<network><name>n2</name></network>" });
  const pool = await one.api.storagePoolLookupByName({ name: "default-pool" });
  await one.api.storagePoolRefresh({ pool, flags: 0 });
  await settle(one);
  t.deepEqual(one.heard, [
    "networkLifecycle n1 0",
    "networkLifecycle n1 2",
    "networkLifecycle n1 3",
    "networkLifecycle n2 0",
    "storagePoolRefresh default-pool -",
  ]);
  await leave();
  await one.api.networkUndefine({ net });
  await settle(one);
  t.is(one.heard.length, 5, "who has left hears nothing more");
  await one.listen("networkLifecycle", { uuid: net.uuid });
  await one.api.networkUndefine({ net: other });
  await settle(one);
  t.is(one.heard.length, 5, "who listens to one object hears of no other");
});

real("secrets of the QEMU driver's daemon tell what happens to them", async (t) => {
  const one = await open(t, "qemu+unix:///session");
  await one.listen("secretLifecycle");
  await one.listen("secretValueChanged");
  const xml = "<secret ephemeral='yes'><usage type='volume'><volume>/v</volume></usage></secret>";
  const secret = await one.api.secretDefineXML({ xml, flags: 0 });
  await one.api.secretSetValue({ secret, value: Buffer.from("x"), flags: 0 });
  await one.api.secretUndefine({ secret });
  await settle(one);
  t.deepEqual(one.heard, ["secretLifecycle /v 0", "secretValueChanged /v -", "secretLifecycle /v 1"]);
});
