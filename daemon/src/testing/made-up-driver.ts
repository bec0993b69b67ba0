import {
  type AccessPolicy,
  type Call,
  type CallContext,
  type HypervisorConnection,
  hypervisorApi,
  silentLog,
} from "@polyvisor/core";
import { lookedUp, type SubjectName, subjectOf } from "../access/subject.js";
import { perform } from "../rpc/dispatch.js";
import type { Session } from "../rpc/session.js";
import { type Args, dispatchTables, type Entry } from "../rpc/table.js";

// A made-up driver: every call of the table is there, which no real one has.

export const uuid = (digit: number) => `11111111-2222-3333-4444-00000000000${digit}`;

/** Each sort of object as the driver knows it. */
export const TRUE = {
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
export const PORT = { net: TRUE.network, uuid: uuid(6) };
const MOMENT = { name: "moment", dom: TRUE.domain };

/** What a client says of the same objects: all that does not identify them is a lie. */
export const SAID: Record<SubjectName, object> = {
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

export const LOOKUPS: Readonly<Record<string, object>> = {
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

/** What the saved domain in every file is. */
const IMAGE = `<domain><name>true-domain</name><uuid>${uuid(1)}</uuid></domain>`;

/** Calls of the driver that were carried out, beside those that only find the object. */
export function madeUpDriver(isRenamed = () => false) {
  const done: [name: string, args: Args][] = [];
  let looks = 0;
  const handlers = Object.entries<Call>(hypervisorApi).map(([name, call]) => [
    name,
    (args: Args) => {
      done.push([name, { ...args }]);
      if (name === "domainSaveImageGetXMLDesc") return IMAGE;
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

export const ENTRIES = dispatchTables
  .flatMap(({ entries }) => entries)
  .filter((entry): entry is Entry => entry !== undefined);

/** What a lookup finds is judged as it is told. */
export const isLookup = ({ name, call }: Entry) => lookedUp(name, call) !== undefined;

/** What the daemon answers by itself is not what is tested here: in its place the driver hears of the call. */
export function callOn(
  entry: Entry,
  args: Args,
  connection: HypervisorConnection,
  policy: AccessPolicy,
  { identity = { uid: 1000, pid: 42 }, log = silentLog }: Partial<Pick<CallContext, "identity" | "log">> = {},
): Promise<unknown> {
  const session = { policy, identity, readOnly: false, isOpen: true, connection, log };
  const context = { identity, readOnly: false, log } as CallContext;
  const handlers = connection as unknown as Record<string, (args: Args) => unknown>;
  const answer = entry.answer && ((_: Session, values: Args) => handlers[entry.name]?.(values));
  return Promise.resolve().then(() => perform({ ...entry, answer }, session as Session, args, context));
}

/** Arguments of the right types, with a lie for the object that they name. */
export function argsOf({ call }: Entry): Args {
  const values = Object.entries(call.args.fields).map(([field, codec]) => [field, sampleOf(codec.layout, field)]);
  const named = subjectOf(call);
  if (named === undefined) return Object.fromEntries(values);
  return { ...Object.fromEntries(values), [named.field]: named.byName ? "by-name" : SAID[named.name] };
}

function sampleOf(layout: string, field: string): unknown {
  if (/^(xml|xmlDesc|domXml|xmlin|dxml)$/.test(field))
    return `<made><name>made-up</name><uuid>${uuid(9)}</uuid><portdev name='vnet0'/><filterref filter='x'/></made>`;
  if (field === "dname") return "made-up";
  if (field === "params") return [{ field: "destination_name", type: "string", value: "made-up" }];
  if (layout.endsWith("?")) return null;
  if (layout === "opaque[16]") return uuid(9);
  if (layout.startsWith("string")) return "text";
  return layout.endsWith(">") ? [] : 0;
}

/** Calls by which the daemon finds out what an object is. */
export const isLook = (name: string) => name in LOOKUPS || name === "domainSaveImageGetXMLDesc";

/** How a permission's object shows to a policy. */
export const NAMES: Readonly<Record<string, RegExp>> = {
  domain: /true-domain|made-up/,
  network: /true-network|made-up/,
  network_port: /true-network/,
  storage_pool: /true-pool|made-up/,
  storage_vol: /true-volume|made-up/,
  node_device: /true_device|made-up/,
  nwfilter: /true-filter|made-up/,
  nwfilter_binding: /vnet0/,
  secret: /\/true\/volume|0009/,
  interface: /eth-true|made-up/,
  connect: /^$/,
};
