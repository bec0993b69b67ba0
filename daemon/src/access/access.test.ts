import {
  type AccessPolicy,
  type Call,
  type CallContext,
  type Domain,
  type HypervisorCallName,
  type HypervisorConnection,
  hypervisorApi,
  isNeeded,
  type PolicyRequest,
  remoteProgram,
  silentLog,
  VirtError,
} from "@polyvisor/core";
import test from "ava";
import { perform } from "../rpc/dispatch.js";
import type { Session } from "../rpc/session.js";
import { type Args, dispatchTables, type Entry } from "../rpc/table.js";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import { serve } from "../testing/serve.js";
import { OTHER_DOMAIN, TEST_DOMAIN } from "../testing/tiny-driver.js";
import { lookedUp, type SubjectName, subjectOf } from "./subject.js";

// A made-up driver: every call of the table is there, which no real one has.

const uuid = (digit: number) => `11111111-2222-3333-4444-00000000000${digit}`;

/** Each sort of object as the driver knows it. */
const TRUE = {
  domain: { name: "true-domain", uuid: uuid(1), id: -1 },
  network: { name: "true-network", uuid: uuid(2) },
  storage_pool: { name: "true-pool", uuid: uuid(3) },
  storage_vol: { pool: "true-pool", name: "true-volume", key: "/true/volume" },
  node_device: { name: "true_device" },
  nwfilter: { name: "true-filter", uuid: uuid(4) },
  nwfilter_binding: { portdev: "vnet0", filtername: "true-filter" },
  secret: { uuid: uuid(5), usageType: 1, usageID: "/true/volume" },
  interface: { name: "eth-true", mac: "52:54:00:00:00:01" },
} as const;
const PORT = { net: TRUE.network, uuid: uuid(6) };
const MOMENT = { name: "moment", dom: TRUE.domain };

/** What a client says of the same objects: all that does not identify them is a lie. */
const SAID: Record<SubjectName, object> = {
  domain: { ...TRUE.domain, name: "liar" },
  domainMoment: { ...MOMENT, dom: { ...TRUE.domain, name: "liar" } },
  network: { ...TRUE.network, name: "liar" },
  network_port: { ...PORT, net: { ...TRUE.network, name: "liar" } },
  storage_pool: { ...TRUE.storage_pool, name: "liar" },
  storage_vol: { ...TRUE.storage_vol, pool: "liar", name: "liar" },
  node_device: TRUE.node_device,
  nwfilter: { ...TRUE.nwfilter, name: "liar" },
  nwfilter_binding: { ...TRUE.nwfilter_binding, filtername: "liar" },
  secret: { ...TRUE.secret, usageID: "liar" },
  interface: { ...TRUE.interface, mac: "00:00:00:00:00:00" },
};

const LOOKUPS: Readonly<Record<string, object>> = {
  domainLookupByID: TRUE.domain,
  domainLookupByName: TRUE.domain,
  domainLookupByUUID: TRUE.domain,
  domainSnapshotLookupByName: MOMENT,
  domainCheckpointLookupByName: MOMENT,
  networkLookupByName: TRUE.network,
  networkLookupByUUID: TRUE.network,
  networkPortLookupByUUID: PORT,
  storagePoolLookupByName: TRUE.storage_pool,
  storagePoolLookupByTargetPath: TRUE.storage_pool,
  storagePoolLookupByUUID: TRUE.storage_pool,
  storagePoolLookupByVolume: TRUE.storage_pool,
  storageVolLookupByKey: TRUE.storage_vol,
  storageVolLookupByName: TRUE.storage_vol,
  storageVolLookupByPath: TRUE.storage_vol,
  nodeDeviceLookupByName: TRUE.node_device,
  nodeDeviceLookupSCSIHostByWWN: TRUE.node_device,
  nwFilterLookupByName: TRUE.nwfilter,
  nwFilterLookupByUUID: TRUE.nwfilter,
  nwFilterBindingLookupByPortDev: TRUE.nwfilter_binding,
  secretLookupByUsage: TRUE.secret,
  secretLookupByUUID: TRUE.secret,
  interfaceLookupByMACString: TRUE.interface,
  interfaceLookupByName: TRUE.interface,
};

/** The same objects under other names. */
const RENAMED: Record<SubjectName, object> = {
  domain: { ...TRUE.domain, name: "other" },
  domainMoment: { ...MOMENT, dom: { ...TRUE.domain, name: "other" } },
  network: { ...TRUE.network, name: "other" },
  network_port: { ...PORT, net: { ...TRUE.network, name: "other" } },
  storage_pool: { ...TRUE.storage_pool, name: "other" },
  storage_vol: { ...TRUE.storage_vol, name: "other" },
  node_device: { name: "other" },
  nwfilter: { ...TRUE.nwfilter, name: "other" },
  nwfilter_binding: { ...TRUE.nwfilter_binding, filtername: "other" },
  secret: { ...TRUE.secret, usageID: "other" },
  interface: { ...TRUE.interface, name: "other" },
};

/** Calls of the driver that were carried out, beside those that only find the object. */
function madeUpDriver(isRenamed = () => false) {
  const done: [name: string, args: Args][] = [];
  let looks = 0;
  const handlers = Object.entries<Call>(hypervisorApi).map(([name, call]) => [
    name,
    (args: Args) => {
      done.push([name, { ...args }]);
      const found = LOOKUPS[name];
      if (found === undefined) return [];
      looks++;
      return isRenamed() ? RENAMED[lookedUp(name, call) as SubjectName] : found;
    },
  ]);
  const connection: HypervisorConnection = {
    ...Object.fromEntries(handlers),
    uri: "test:///default",
    resolveDomain() {
      looks++;
      return isRenamed() ? RENAMED.domain : TRUE.domain;
    },
    close() {},
  };
  return { connection, done, looks: () => looks };
}

const ENTRIES = dispatchTables.flatMap(({ entries }) => entries).filter((entry): entry is Entry => entry !== undefined);

/** What a lookup finds is judged as it is told. */
const isLookup = ({ name, call }: Entry) => lookedUp(name, call) !== undefined;

/** What the daemon answers by itself is not what is tested here: in its place the driver hears of the call. */
function call(entry: Entry, args: Args, connection: HypervisorConnection, policy: AccessPolicy): Promise<unknown> {
  const identity = { uid: 1000, pid: 42 };
  const session = { policy, identity, readOnly: false, isOpen: true, connection, log: silentLog };
  const context = { identity, readOnly: false, log: silentLog } as CallContext;
  const handlers = connection as unknown as Record<string, (args: Args) => unknown>;
  const answer = entry.answer && ((_: Session, values: Args) => handlers[entry.name]?.(values));
  return Promise.resolve().then(() => perform({ ...entry, answer }, session as Session, args, context));
}

/** Arguments of the right types, with a lie for the object that they name. */
function argsOf({ call }: Entry): Args {
  const values = Object.entries(call.args.fields).map(([field, codec]) => [field, sampleOf(codec.layout, field)]);
  const named = subjectOf(call);
  return { ...Object.fromEntries(values), ...(named === undefined ? {} : { [named.field]: SAID[named.name] }) };
}

function sampleOf(layout: string, field: string): unknown {
  if (/^(xml|xmlDesc|domXml|xmlin|dxml)$/.test(field))
    return `<made><name>made-up</name><uuid>${uuid(9)}</uuid></made>`;
  if (layout.endsWith("?")) return null;
  if (layout === "opaque[16]") return uuid(9);
  if (layout.startsWith("string")) return "text";
  return layout.endsWith(">") ? [] : 0;
}

/** How a permission's object shows to a policy. */
const NAMES: Readonly<Record<string, RegExp>> = {
  domain: /true-domain|made-up|^$/,
  network: /true-network|made-up/,
  network_port: /true-network/,
  storage_pool: /true-pool|made-up/,
  storage_vol: /true-volume|made-up|^$/,
  node_device: /true_device|made-up|^$/,
  nwfilter: /true-filter|made-up/,
  nwfilter_binding: /vnet0|^$/,
  secret: /\/true\/volume|0009|^$/,
  interface: /eth-true|made-up/,
  connect: /^$/,
};

test("made-up driver: of every call a policy learns the true object, whatever the client said of it", async (t) => {
  let asked = 0;
  for (const entry of ENTRIES) {
    const { connection, done } = madeUpDriver();
    const args = argsOf(entry);
    const requests: PolicyRequest[] = [];
    const policy: AccessPolicy = { allows: (request) => requests.push(request) > 0 };
    await call(entry, args, connection, policy).catch((error: unknown) => {
      if (!(error instanceof VirtError)) throw error;
    });
    const wanted = entry.call.acl.filter((each) => each.object !== "none" && isNeeded(each, args));
    const told = requests.slice(0, wanted.length).map(({ object, permission }) => `${object}:${permission}`);
    t.deepEqual(
      told,
      wanted.map(({ object, permission }) => `${object}:${permission}`),
      entry.name,
    );
    for (const { object, attributes } of requests) {
      const { connect_driver, ...about } = attributes;
      t.is(connect_driver, "test", entry.name);
      t.regex(Object.values(about).join(), NAMES[object] ?? /never/, `${entry.name}: ${object}`);
      t.notRegex(Object.values(about).join(), /liar/, entry.name);
    }
    const named = subjectOf(entry.call);
    const carriedOut = done.find(([name]) => name === entry.name);
    if (named !== undefined && entry.answer === undefined && (named.name === "domain" || !isLookup(entry)))
      t.notRegex(
        JSON.stringify(carriedOut?.[1][named.field] ?? null),
        /liar/,
        `${entry.name} is given the true object`,
      );
    t.true(
      done.some(([name]) => name === entry.name) || entry.call.aclFilter !== undefined,
      `${entry.name} is carried out`,
    );
    asked += requests.length;
  }
  t.true(asked > 400);
});

test("made-up driver: a policy that answers at once is asked about an object that was looked at once", async (t) => {
  for (const entry of ENTRIES.filter((each) => subjectOf(each.call) !== undefined && !isLookup(each))) {
    const { connection, looks } = madeUpDriver();
    await call(entry, argsOf(entry), connection, { allows: () => true }).catch(() => {});
    // A volume's pool is looked at, too, and a list names objects of its own.
    const most = subjectOf(entry.call)?.name === "storage_vol" ? 2 : 1;
    t.true(looks() <= most || entry.call.aclFilter !== undefined, `${entry.name}: ${looks()}`);
  }
});

test("made-up driver: each single permission that is refused refuses the call, and nothing happens", async (t) => {
  for (const entry of ENTRIES) {
    const args = argsOf(entry);
    for (const refused of entry.call.acl.filter((each) => each.object !== "none" && isNeeded(each, args))) {
      const { connection, done } = madeUpDriver();
      const policy: AccessPolicy = {
        allows: async ({ object, permission }) => object !== refused.object || permission !== refused.permission,
      };
      const error = await t.throwsAsync(call(entry, argsOf(entry), connection, policy), undefined, entry.name);
      t.like(error, { code: "ACCESS_DENIED", number: 88, message: "access denied: 'test' denied access" }, entry.name);
      t.deepEqual(
        done.filter(([name]) => name === entry.name && !(name in LOOKUPS)),
        [],
        entry.name,
      );
    }
  }
});

const entryOf = (name: HypervisorCallName) => ENTRIES.find((entry) => entry.name === name) as Entry;

test("made-up driver: an object of any sort that is renamed while the policy thinks is judged by its new name", async (t) => {
  for (const entry of ENTRIES) {
    const named = subjectOf(entry.call);
    const args = argsOf(entry);
    const needed = entry.call.acl.filter(({ object }) => object !== "none" && object !== "connect");
    if (
      named === undefined ||
      isLookup(entry) ||
      args[named.field] === null ||
      !needed.some((each) => isNeeded(each, args))
    )
      continue;
    let isRenamed = false;
    const { connection, done } = madeUpDriver(() => isRenamed);
    const asked: string[] = [];
    const policy: AccessPolicy = {
      async allows({ attributes }) {
        const about = Object.values(attributes).join();
        asked.push(about);
        isRenamed = true;
        return !/other/.test(about);
      },
    };
    await t.throwsAsync(call(entry, args, connection, policy), { message: /denied/ }, entry.name);
    t.notRegex(asked[0] ?? "", /other/, entry.name);
    t.regex(asked.at(-1) ?? "", /other/, entry.name);
    t.false(
      done.some(([name]) => name === entry.name && !(name in LOOKUPS)),
      entry.name,
    );
  }
});

test("made-up driver: an object that is gone when the policy has thought is not there", async (t) => {
  let isThere = true;
  const resolveDomain = (): Domain => {
    if (!isThere) throw new VirtError("NO_DOMAIN", "gone");
    return TRUE.domain;
  };
  const { connection, done } = madeUpDriver();
  const policy: AccessPolicy = {
    async allows() {
      isThere = false;
      return true;
    },
  };
  const asked = call(entryOf("domainDestroy"), { dom: SAID.domain }, { ...connection, resolveDomain }, policy);
  await t.throwsAsync(asked, { message: "Domain not found: gone" });
  t.deepEqual(done, []);
});

test("a policy that fails denies", async (t) => {
  const { connection } = madeUpDriver();
  const policy: AccessPolicy = { allows: () => Promise.reject(new Error("no bus")) };
  await t.throwsAsync(call(entryOf("domainDestroy"), { dom: SAID.domain }, connection, policy), { message: /denied/ });
});

/** Two objects of each sort, of which the second must stay unseen. */
const pair = <T extends object>(first: T): [T, T] => [
  first,
  { ...first, ...("name" in first ? { name: "hidden" } : { usageID: "hidden", portdev: "hidden" }), uuid: uuid(8) },
];

test("made-up driver: lists and counts of every kind leave out what the client may not see", async (t) => {
  const domains = pair(TRUE.domain);
  const lists: { readonly [K in HypervisorCallName]?: readonly unknown[] } = {
    connectListAllDomains: domains,
    connectGetAllDomainStats: domains.map((dom) => ({ dom, params: [] })),
    connectListAllNetworks: pair(TRUE.network),
    networkListAllPorts: [PORT, { ...PORT, net: { ...TRUE.network, name: "hidden" } }],
    connectListAllStoragePools: pair(TRUE.storage_pool),
    storagePoolListAllVolumes: pair(TRUE.storage_vol),
    connectListAllInterfaces: pair(TRUE.interface),
    connectListAllNodeDevices: pair(TRUE.node_device),
    nodeListDevices: ["true_device", "hidden"],
    connectListAllNWFilters: pair(TRUE.nwfilter),
    connectListAllNWFilterBindings: pair(TRUE.nwfilter_binding),
    connectListAllSecrets: pair(TRUE.secret),
  };
  const handlers = Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, () => list]));
  const { connection } = madeUpDriver();
  const policy: AccessPolicy = { allows: async ({ attributes }) => !Object.values(attributes).includes("hidden") };
  const filtered = ENTRIES.filter(({ call: { aclFilter }, answer }) => aclFilter !== undefined && answer === undefined);
  t.is(filtered.length, 35);
  for (const entry of filtered) {
    const result = await call(entry, argsOf(entry), { ...connection, ...handlers }, policy);
    t.is(Array.isArray(result) ? result.length : result, 1, entry.name);
    t.notRegex(JSON.stringify(result), /hidden/, entry.name);
  }
});

test("events about what a client may not see do not reach it, and others come in their order", async (t) => {
  const policy: AccessPolicy = {
    async allows({ permission, attributes }) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
      return permission !== "getattr" || attributes.domain_name !== OTHER_DOMAIN.name;
    },
  };
  const { hypervisor, open } = await serve(t, { policy });
  const client = await open();
  const register = "connectDomainEventCallbackRegisterAny";
  await client.call(numberOf(register), bodyOf(register, { eventID: 0, dom: null }));
  for (let detail = 0; detail < 10; detail++) {
    hypervisor.events.emit({ kind: "lifecycle", dom: OTHER_DOMAIN, event: 5, detail });
    hypervisor.events.emit({ kind: "lifecycle", dom: TEST_DOMAIN, event: 5, detail });
  }
  const details: number[] = [];
  for (let i = 0; i < 10; i++) {
    const { body } = await client.take(({ procedure }) => procedure === 318);
    t.false(body.includes(OTHER_DOMAIN.name));
    details.push(body.readInt32BE(body.length - 4));
  }
  t.deepEqual(details, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("every permission of the table is about an object that can be told apart", (t) => {
  for (const [name, { acl }] of Object.entries<Call>(remoteProgram.calls))
    for (const { object } of acl) t.true(object === "none" || object in NAMES, `${name}: ${object}`);
});
