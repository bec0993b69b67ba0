// What the test of this package runs in a network namespace of its own: a network's whole life, printed as JSON.
import "reflect-metadata";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CallContext, type NetworkConnection, rootPaths, silentLog, VirtError } from "@polyvisor/core";
import { parseNetworkPort } from "@polyvisor/sdk/conf/network";
import { runHelper } from "@polyvisor/sdk/process";
import { hasBridge } from "./bridges.js";
import { BridgeNetworks } from "./driver.js";

const LAN = "<network><name>lan</name><ip address='192.0.2.1' prefix='24'/></network>";
const OUT = "<network><name>out</name><forward mode='bridge'/><bridge name='br0'/></network>";
const PORT = "aaaaaaaa-3b1f-42e7-8462-cb4af457bda7";
const PORT_XML = `<networkport><uuid>${PORT}</uuid><owner><name>g</name><uuid>${PORT}</uuid></owner><mac address='52:54:00:00:00:01'/></networkport>`;

const context: CallContext = { identity: {}, readOnly: false, signal: new AbortController().signal, log: silentLog };
const root = await mkdtemp(join(tmpdir(), "polyvisor-bridge-"));

/** Calls of one life of the driver. */
async function open(): Promise<Required<NetworkConnection>> {
  const driver = new BridgeNetworks({ mode: "system", paths: rootPaths(root) });
  await driver.start();
  return driver.open() as Required<NetworkConnection>;
}

async function refusal(call: unknown): Promise<VirtError | undefined> {
  return Promise.resolve(call).then(
    () => undefined,
    (error: unknown) => (error instanceof VirtError ? error : undefined),
  );
}

/** A handler may throw at once. */
function attempt(call: () => unknown): Promise<VirtError | undefined> {
  return refusal((async () => call())());
}

const first = await open();
const net = await first.networkDefineXML({ xml: LAN }, context);
const active = (from: Required<NetworkConnection>) => from.connectListNetworks({}, context);
const plug = (flags: number) => first.networkPortCreateXML({ network: net, xml: PORT_XML, flags }, context);

const defined = {
  name: net.name,
  bridge: await first.networkGetBridgeName({ net }, context),
  active: await active(first),
  inactive: await first.connectListDefinedNetworks({}, context),
};
const early = (await attempt(() => plug(0)))?.message;
await first.networkCreate({ net }, context);
const { stdout } = await runHelper(["ip", "-o", "-4", "addr", "show", "dev", "virbr0"]);
const started = {
  bridge: await hasBridge("virbr0"),
  address: / inet (\S+)/.exec(stdout)?.[1],
  active: await active(first),
};
const port = await plug(0);
const { plug: plugged } = parseNetworkPort(await first.networkPortGetXMLDesc({ port, flags: 0 }, context));
const live = await first.networkGetXMLDesc({ net, flags: 0 }, context);
const connections = /<network connections='(\d+)'>/.exec(live)?.[1];
const again = (await attempt(() => plug(1)))?.code;

const second = await open();
const afterRestart = {
  active: await active(second),
  ports: (await second.networkListAllPorts({ network: net, flags: 0 }, context)).map(({ uuid }) => uuid),
};
await second.networkPortDelete({ port, flags: 0 }, context);
const deleted = (await attempt(() => second.networkPortLookupByUUID({ network: net, uuid: PORT }, context)))?.code;
await second.networkDestroy({ net }, context);
const third = await open();
const stopped = { bridge: await hasBridge("virbr0"), active: await active(third), ports: 0 };
await third.networkUndefine({ net }, context);
const gone = (await attempt(() => third.networkLookupByName({ name: "lan" }, context)))?.code;
const forward = (await attempt(() => third.networkDefineXML({ xml: OUT }, context)))?.code;

console.log(
  JSON.stringify({
    defined,
    early,
    started,
    port: { bridge: plugged?.type === "network" ? plugged.bridge : undefined, connections },
    again,
    afterRestart,
    deleted,
    stopped,
    undefined: gone,
    forward,
  }),
);
await rm(root, { recursive: true, force: true });
