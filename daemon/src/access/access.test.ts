import {
  type AccessPolicy,
  type Call,
  type Domain,
  type HypervisorCallName,
  isNeeded,
  type PolicyRequest,
  remoteProgram,
  VirtError,
} from "@polyvisor/core";
import test from "ava";
import type { Entry } from "../rpc/table.js";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import {
  argsOf,
  callOn,
  ENTRIES,
  isLook,
  isLookup,
  madeUpDriver,
  NAMES,
  PORT,
  SAID,
  TRUE,
  uuid,
} from "../testing/made-up-driver.js";
import { RecordedLog } from "../testing/recorded-log.js";
import { serve } from "../testing/serve.js";
import { OTHER_DOMAIN, TEST_DOMAIN } from "../testing/tiny-driver.js";
import { subjectOf } from "./subject.js";

/** It is about a process of which nobody knows what domain it is. */
const UNKNOWN = "domainQemuAttach";

test("made-up driver: of every call a policy learns the true object, whatever the client said of it", async (t) => {
  let asked = 0;
  for (const entry of ENTRIES) {
    const { connection, done } = madeUpDriver();
    const args = argsOf(entry);
    const requests: PolicyRequest[] = [];
    const policy: AccessPolicy = { allows: (request) => requests.push(request) > 0 };
    await callOn(entry, args, connection, policy).catch((error: unknown) => {
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
      if (entry.name !== UNKNOWN)
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
    await callOn(entry, argsOf(entry), connection, { allows: () => true }).catch(() => {});
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
      const log = new RecordedLog();
      const call = callOn(entry, argsOf(entry), connection, policy, { log });
      const error = await t.throwsAsync(call, undefined, entry.name);
      t.like(error, { code: "ACCESS_DENIED", number: 88, message: "access denied: 'test' denied access" }, entry.name);
      t.deepEqual(
        done.filter(([name]) => name === entry.name && !isLook(name)),
        [],
        entry.name,
      );
      const [line, ...more] = log.lines;
      t.like(line, {
        level: "warn",
        message: "access denied",
        identity: { uid: 1000, pid: 42 },
        call: entry.name,
        permission: `${refused.object}:${refused.permission}`,
      });
      if (entry.name !== UNKNOWN)
        t.regex(Object.values(line?.object as object).join(), NAMES[refused.object] ?? /never/, entry.name);
      t.deepEqual(more, [], entry.name);
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
    await t.throwsAsync(callOn(entry, args, connection, policy), { message: /denied/ }, entry.name);
    t.notRegex(asked[0] ?? "", /other/, entry.name);
    t.regex(asked.at(-1) ?? "", /other/, entry.name);
    t.false(
      done.some(([name]) => name === entry.name && !isLook(name)),
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
  const asked = callOn(entryOf("domainDestroy"), { dom: SAID.domain }, { ...connection, resolveDomain }, policy);
  await t.throwsAsync(asked, { message: "Domain not found: gone" });
  t.deepEqual(done, []);
});

test("a policy that fails denies", async (t) => {
  const { connection } = madeUpDriver();
  const policy: AccessPolicy = { allows: () => Promise.reject(new Error("no bus")) };
  await t.throwsAsync(callOn(entryOf("domainDestroy"), { dom: SAID.domain }, connection, policy), {
    message: /denied/,
  });
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
    const result = await callOn(entry, argsOf(entry), { ...connection, ...handlers }, policy);
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
