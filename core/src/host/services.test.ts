import test from "ava";
import type { HostServices } from "../index.js";
import { toyHost } from "../testing/toy-host.js";

/** A hypervisor that answers its type with what other plugins tell it. */
const asking = (question: string) => ({
  contracts: ["hypervisor.v1"],
  schemes: ["asks"],
  before: `import { inject, injectable } from "${import.meta.resolve("tsyringe")}";
import { HOST_SERVICES } from "${new URL("../index.js", import.meta.url)}";
class Driver {
  constructor(services) { this.services = services; }
  open() {
    return {
      uri: "asks:///",
      resolveDomain: (dom) => dom,
      connectGetType: async (args, context) => JSON.stringify(await (${question})(this.services, context.identity)),
      close() {},
    };
  }
}
inject(HOST_SERVICES)(Driver, undefined, 0);
injectable()(Driver);`,
  code: `{ "hypervisor.v1": Driver }`,
});

const locks = (name: string) => ({
  contracts: ["lock.v1"],
  code: `{ "lock.v1": class {
    #name = "${name}";
    guestWrapper({ resources }, { identity, readOnly }) {
      return [this.#name, ...resources.map(({ name }) => name), String(identity.uid), String(readOnly)];
    }
    async acquire() { throw new Error("held by another"); }
  } }`,
});

const OWNER = '{ uuid: "00000000-0000-4000-8000-000000000001", name: "guest", id: 1, pid: 9 }';
const WRAP = `guestWrapper({ owner: ${OWNER}, resources: [{ lockspace: null, name: "/a", flags: 0 }] })`;

const security = (name: string) => ({
  contracts: ["security.v1"],
  code: `{ "security.v1": class { guestWrapper() { return ["${name}"]; } } }`,
});

async function answer(t: Parameters<typeof toyHost>[0], question: string, plugins: object, options: object) {
  const host = await toyHost(t, { asks: asking(question), ...plugins }, options);
  const connection = await host.open("asks:///", { identity: { uid: 7 } });
  return JSON.parse(await connection.api.connectGetType({})) as unknown;
}

test("a plugin is led to the lock manager that the operator has chosen, for whom it says", async (t) => {
  const question = `async (services, identity) => {
    const own = await services.connect("lock.v1");
    const lock = await services.connect("lock.v1", identity);
    return [await lock.${WRAP}, (await own.${WRAP})[2], await lock.acquire({}).catch((e) => e.message),
      await lock.release({}).catch((e) => e.code + " " + e.detail)];
  }`;
  const plugins = { first: locks("first"), second: locks("second") };
  t.deepEqual(await answer(t, question, plugins, { use: { "lock.v1": "second" } }), [
    ["second", "/a", "7", "false"],
    String(process.getuid?.()),
    "held by another",
    "NO_SUPPORT release of lock.v1 by the plugin second",
  ]);
});

test("where the operator has chosen none there is none, even if one plugin could", async (t) => {
  const question = `async (services) => [await services.connect("lock.v1") ?? "none", await services.connectAll("security.v1")]`;
  t.deepEqual(await answer(t, question, { first: locks("first") }, {}), ["none", []]);
});

test("a guest may have several security drivers, in the operator's order", async (t) => {
  const question = `async (services) => Promise.all((await services.connectAll("security.v1")).map(
    async ({ plugin, client }) => [plugin, await client.guestWrapper({})]))`;
  const plugins = { dac: security("as nobody"), mac: security("confined"), other: security("unused") };
  t.deepEqual(await answer(t, question, plugins, { use: { "security.v1": ["mac", "dac"] } }), [
    ["mac", ["confined"]],
    ["dac", ["as nobody"]],
  ]);
});

test("where the operator has chosen none a guest has the usual ones that this host can use", async (t) => {
  const question = `async (services) => Promise.all([1, 2].map(async () =>
    (await services.connectAll("security.v1")).map(({ plugin }) => plugin).join()))`;
  const probing = (answer: string) => ({
    contracts: ["security.v1"],
    code: `{ "security.v1": class { probe() { ${answer} } } }`,
  });
  const plugins = {
    dac: security("as nobody"),
    foreign: probing('return { usable: false, reason: "another kernel" }'),
    torn: probing('throw new Error("no tool")'),
    other: security("unused"),
  };
  const useApplicable = { "security.v1": ["foreign", "torn", "absent", "dac"] };
  t.deepEqual(await answer(t, question, plugins, { useApplicable }), ["dac", "dac"]);
  t.deepEqual(await answer(t, question, plugins, { useApplicable, use: { "security.v1": [] } }), ["", ""]);
  t.deepEqual(await answer(t, question, { torn: plugins.torn }, { useApplicable }), ["", ""]);
});

test("a plugin has the calls, the events and the end of another one's networks", async (t) => {
  const nets = {
    contracts: ["network.v1"],
    code: `{ "network.v1": class {
      closes = 0;
      open(uri, { identity }) {
        const net = { name: "toy", uuid: "" };
        return {
          connectListAllNetworks: () => [{ name: identity.uid + " " + this.closes, uuid: "" }],
          objectEvents: { subscribe: (kind, about, listener) => { listener({ kind, object: net }); return () => {}; } },
          close: () => { this.closes++; },
        };
      }
    } }`,
  };
  const question = `async (services, identity) => {
    const names = [];
    for (const turn of [0, 1]) {
      const client = await services.connect("network.v1", identity);
      names.push((await client.connectListAllNetworks({ flags: 0 }))[0].name);
      await client.objectEvents.subscribe("networkLifecycle", undefined, ({ object }) => names.push(object.name));
      names.push(await client.networkDestroy({}).catch((e) => e.detail));
      await client.close();
    }
    return names;
  }`;
  const told = (closes: number) => [`7 ${closes}`, "toy", "virNetworkDestroy"];
  t.deepEqual(await answer(t, question, { nets }, {}), [...told(0), ...told(1)]);
});

test("a host that is part of another one gives its plugins that one's services", async (t) => {
  const services: HostServices = { connect: async () => undefined, connectAll: async () => [] };
  const question = `async (services) => [await services.connect("lock.v1") ?? "not here"]`;
  const options = { services, use: { "lock.v1": "first" } };
  t.deepEqual(await answer(t, question, { first: locks("first") }, options), ["not here"]);
});
