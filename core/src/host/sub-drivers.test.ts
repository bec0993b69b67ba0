import { subscribe, unsubscribe } from "node:diagnostics_channel";
import test from "ava";
import {
  ANSWERS,
  type Answer,
  ChoiceError,
  declaredCalls,
  type Host,
  type ObjectEvent,
  parseUri,
  silentLog,
  type VirtError,
} from "../index.js";
import { type ToyPlugin, toyHost } from "../testing/toy-host.js";

/** What the drivers of one test have seen. */
interface Seen {
  starts: number;
  readonly opens: string[];
  closes: number;
  /** Of the connection that was opened last. */
  emit?(name: string): void;
  lose?(): void;
}

let tests = 0;

/** A place that a test and its plugins share. */
function seenOf(): { readonly key: string; readonly seen: Seen } {
  const key = `subDriversTest${tests++}`;
  const seen: Seen = { starts: 0, opens: [], closes: 0 };
  (globalThis as unknown as Record<string, Seen>)[key] = seen;
  return { key, seen };
}

const UUID = "00000000-0000-4000-8000-000000000001";

/** Networks: one, by the plugin's own name; it can be found, listed and stopped. */
const networks = (name: string, key: string): ToyPlugin => ({
  contracts: ["network.v1"],
  stateful: true,
  before: `const seen = globalThis.${key}; const net = { name: "${name}", uuid: "${UUID}" };`,
  code: `{ "network.v1": class {
    start() { seen.starts++; }
    open(uri, { identity, readOnly }) {
      seen.opens.push([uri.scheme + "://" + uri.path, identity.uid, readOnly].join(" "));
      const listeners = new Set();
      seen.emit = (name) => { for (const listener of listeners) listener(name); };
      return {
        lost: new Promise((resolve) => { seen.lose = () => resolve(new Error("gone")); }),
        connectListAllNetworks: () => [net],
        networkLookupByName: ({ name }) => ({ ...net, name }),
        networkGetBridgeName: ({ net }, { identity }) => net.name + " of " + identity.uid,
        objectEvents: { subscribe(kind, about, listener) {
          const told = (name) => listener({ kind, object: { ...net, name }, event: 2, detail: 0 });
          listeners.add(told);
          return () => { listeners.delete(told); };
        } },
        close() { seen.closes++; },
      };
    }
  } }`,
});

/** A hypervisor with private fields and these members besides. */
const hypervisor = (scheme: string, members = ""): ToyPlugin => ({
  contracts: ["hypervisor.v1"],
  schemes: [scheme],
  code: `{ "hypervisor.v1": class {
    open() {
      return new class {
        #type = "${scheme}";
        uri = "${scheme}:///";
        connectGetType() { return this.#type; }
        resolveDomain(dom) { return dom; }
        close() {}
        ${members}
      }();
    }
  } }`,
});

const context = { identity: { uid: 7 }, readOnly: false, signal: new AbortController().signal, log: silentLog };
const connect = (host: Host, uri: string) => host.openDriver(parseUri(uri), context);

test("a hypervisor without networks has this host's: opened with the first call for one, closed with the connection", async (t) => {
  const { key, seen } = seenOf();
  await using host = await toyHost(t, { plain: hypervisor("plain"), nets: networks("toy", key) });
  await using connection = await host.open("plain:///", { identity: { uid: 7 }, readOnly: true });
  t.is(await connection.api.connectGetType({}), "plain");
  t.deepEqual(seen.opens, []);
  t.is(host.plugins().find(({ name }) => name === "nets")?.state, "found");
  const [nets] = await Promise.all([
    connection.api.connectListAllNetworks({ flags: 0 }),
    connection.api.connectListAllNetworks({ flags: 0 }),
  ]);
  t.deepEqual(nets, [{ name: "toy", uuid: UUID }]);
  const net = await connection.api.networkLookupByName({ name: "other" });
  t.is(await connection.api.networkGetBridgeName({ net }), "other of 7");
  t.deepEqual([seen.starts, seen.opens, seen.closes], [1, ["network:///system 7 true"], 0]);
  t.like(await t.throwsAsync<VirtError>(connection.api.networkGetAutostart({ net })), {
    code: "NO_SUPPORT",
    detail: "virNetworkGetAutostart",
  });
  t.like(await t.throwsAsync<VirtError>(connection.api.connectListAllStoragePools({ flags: 0 })), {
    code: "NO_SUPPORT",
    detail: "virConnectListAllStoragePools",
  });
  await t.throwsAsync(connection.api.networkDestroy({ net }), { message: /read only access prevents/ });
  await connection.close();
  t.is(seen.closes, 1);
});

test("a driver that has a part of the API itself, or drives another machine, gets nothing of this host's", async (t) => {
  const { key, seen } = seenOf();
  await using host = await toyHost(t, {
    own: hypervisor("own", `connectListAllNetworks() { return [{ name: this.#type, uuid: "${UUID}" }]; }`),
    far: hypervisor("far", "isElsewhere = true;"),
    nets: networks("toy", key),
  });
  const own = await host.open("own:///");
  t.like(await own.api.connectListAllNetworks({ flags: 0 }), [{ name: "own" }]);
  await t.throwsAsync(own.api.networkLookupByName({ name: "x" }), { message: /not supported/ });
  const far = await host.open("far:///");
  await t.throwsAsync(far.api.connectListAllNetworks({ flags: 0 }), { message: /not supported/ });
  t.deepEqual(seen.opens, []);
});

test("a connection that is open answers at once what its drivers answer at once", async (t) => {
  const { key } = seenOf();
  await using host = await toyHost(t, { plain: hypervisor("plain"), nets: networks("toy", key) });
  const connection = await connect(host, "plain:///");
  t.is(connection.connectGetType?.({}, context), "plain");
  t.true(connection.connectListAllNetworks?.({ flags: 0 }, context) instanceof Promise);
  t.deepEqual(await connection.networkLookupByName?.({ name: "a" }, context), { name: "a", uuid: UUID });
  t.deepEqual(connection.networkLookupByName?.({ name: "b" }, context), { name: "b", uuid: UUID });
  t.true("networkLookupByName" in connection && "resolveDomain" in connection);
  t.false("storagePoolLookupByName" in connection || "then" in connection);
  t.throws(() => connection.objectEvents?.subscribe("storagePoolRefresh", undefined, () => {}), {
    message: /not supported by the connection driver: virConnectStoragePoolEventRegisterAny/,
  });
  await connection.close();
});

test("events come from whoever has the objects, also after its driver was lost and is there again", async (t) => {
  const { key, seen } = seenOf();
  const secrets = `objectEvents = { subscribe(kind, about, listener) { listener({ kind, object: { uuid: "s" } }); return () => {}; } };
    connectListAllSecrets() { return []; }`;
  await using host = await toyHost(t, { plain: hypervisor("plain", secrets), nets: networks("toy", key) });
  const connection = await connect(host, "plain:///");
  const heard: string[] = [];
  const listener = (event: ObjectEvent) =>
    void heard.push(`${event.kind} ${"name" in event.object ? event.object.name : event.object.uuid}`);
  const stop = await connection.objectEvents?.subscribe("networkLifecycle", undefined, listener);
  await connection.objectEvents?.subscribe("secretValueChanged", undefined, listener);
  seen.emit?.("one");
  seen.lose?.();
  for (const deadline = Date.now() + 30_000; seen.opens.length < 2 && Date.now() < deadline; )
    await new Promise((resolve) => setImmediate(resolve));
  await connection.connectListAllNetworks?.({ flags: 0 }, context);
  seen.emit?.("two");
  await stop?.();
  seen.emit?.("three");
  t.deepEqual(heard, ["secretValueChanged s", "networkLifecycle one", "networkLifecycle two"].sort(order(heard)));
  t.deepEqual([seen.opens.length, seen.closes, seen.starts], [2, 1, 1]);
  await connection.close();
  t.is(seen.closes, 2);
});

/** The secret's event comes as soon as somebody listens: its place among the others says nothing. */
const order = (heard: readonly string[]) => (a: string, b: string) => heard.indexOf(a) - heard.indexOf(b);

test("what is told of answers names the plugin that gave them", async (t) => {
  const { key } = seenOf();
  const heard: string[] = [];
  const listener = (message: unknown) => {
    const { plugin, call, error } = message as Answer;
    if (plugin.endsWith(key)) heard.push(`${plugin} ${call}${error === undefined ? "" : " failed"}`);
  };
  subscribe(ANSWERS, listener);
  t.teardown(() => void unsubscribe(ANSWERS, listener));
  await using host = await toyHost(t, { [`hyp${key}`]: hypervisor("plain"), [`net${key}`]: networks("toy", key) });
  await using connection = await host.open("plain:///");
  await connection.api.connectGetType({});
  await connection.api.connectListAllNetworks({ flags: 0 });
  await connection.close();
  t.deepEqual(heard, [
    `hyp${key} connectOpen`,
    `hyp${key} connectGetType`,
    `net${key} connectListAllNetworks`,
    `hyp${key} connectClose`,
  ]);
});

test("a URI such as network:///system opens a sub-driver alone", async (t) => {
  const { key, seen } = seenOf();
  await using host = await toyHost(t, { nets: networks("toy", key), plain: hypervisor("plain") });
  const connection = await connect(host, "network:///system");
  t.is(connection.uri, "network:///system");
  t.is(await connection.connectGetType?.({}, context), "network");
  t.like(connection.connectListAllNetworks?.({ flags: 0 }, context), [{ name: "toy" }]);
  t.throws(() => connection.resolveDomain({ name: "a", uuid: UUID, id: 1 }), { message: /not supported/ });
  t.deepEqual(
    declaredCalls(connection),
    [
      "connectGetType",
      "connectListAllNetworks",
      "networkLookupByName",
      "networkGetBridgeName",
      "connectNetworkEventRegisterAny",
    ].sort(order(declaredCalls(connection))),
  );
  await connection.close();
  t.deepEqual([seen.opens, seen.closes], [["network:///system 7 false"], 1]);
  t.deepEqual(declaredCalls(await connect(host, "plain:///")), ["connectGetType"]);
  t.like(await t.throwsAsync<VirtError>(host.open("network:///session")), {
    code: "INTERNAL_ERROR",
    detail: "unexpected network URI path '/session', try network:///system",
  });
  await t.throwsAsync(host.open("storage:///system"), { message: /no connection driver available/ });
});

test("a driver that cannot be used fails the calls that need it, with the reason, and none else", async (t) => {
  const broken = (contract: string): ToyPlugin => ({
    contracts: [contract],
    code: `{ "${contract}": class { constructor() { throw new Error("no luck with ${contract}"); } } }`,
  });
  const plugins = { plain: hypervisor("plain"), nets: broken("network.v1"), locks: broken("lock.v1") };
  await using host = await toyHost(t, plugins, { use: { "lock.v1": "locks" } });
  await using connection = await host.open("plain:///");
  for (const _ of [1, 2]) {
    const error = await t.throwsAsync<VirtError>(connection.api.connectListAllNetworks({ flags: 0 }));
    t.is(error.code, "NO_CONNECT");
    t.regex(error.message, /^no connection driver available for network\.v1: .*no luck with network\.v1$/);
  }
  t.is(await connection.api.connectGetType({}), "plain");
  const error = await t.throwsAsync<VirtError>(host.connect("lock.v1"));
  t.is(error.code, "CONFIG_UNSUPPORTED");
  t.regex(error.detail, /^lock\.v1: .*no luck with lock\.v1$/);
});

test("of two drivers of one part the first serves, or the one that the operator names", async (t) => {
  const [first, second] = [seenOf(), seenOf()];
  const plugins = {
    alpha: networks("of alpha", first.key),
    beta: networks("of beta", second.key),
    plain: hypervisor("plain"),
  };
  const nameWith = async (use: Record<string, string>) => {
    await using host = await toyHost(t, plugins, { use });
    await host.start();
    await using connection = await host.open("plain:///");
    return (await connection.api.connectListAllNetworks({ flags: 0 }))[0]?.name;
  };
  t.is(await nameWith({}), "of alpha");
  t.deepEqual([first.seen.starts, second.seen.starts], [1, 0]);
  t.is(await nameWith({ "network.v1": "beta" }), "of beta");
  t.deepEqual([first.seen.starts, second.seen.starts], [1, 1]);
  const wrong = await t.throwsAsync<ChoiceError>(nameWith({ "network.v1": "plain" }), { instanceOf: ChoiceError });
  t.like(wrong, { contract: "network.v1", code: "CONFIG_UNSUPPORTED", hint: "these do: alpha, beta" });
  t.like(await t.throwsAsync(nameWith({ "lock.v1": "alpha" })), { hint: "no plugin here provides lock.v1" });
  t.regex(
    (await t.throwsAsync<ChoiceError>(nameWith({ "lock.v9": "alpha" }))).hint ?? "",
    /^there are hypervisor\.v1, /,
  );
});
