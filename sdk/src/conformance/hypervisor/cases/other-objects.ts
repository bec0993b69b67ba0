import { type ErrorName, type HypervisorClient, hypervisorApi } from "@polyvisor/core";
import type { Bench } from "../bench.js";
import { group, type HypervisorCase } from "../case.js";

const { quiet } = group("other objects");

type AnyCall = (args: unknown) => Promise<unknown>;
interface Named {
  readonly name?: string;
  readonly uuid?: string;
}

/** One kind of what is no domain: its list of all, of names and of counts, how it is found, and how it is missed. */
interface Sort {
  readonly name: string;
  readonly all: string;
  readonly names: readonly string[];
  readonly counts: readonly string[];
  readonly byName?: string;
  readonly byUuid?: string;
  readonly missing: ErrorName;
}

const SORTS: readonly Sort[] = [
  {
    name: "networks",
    all: "connectListAllNetworks",
    names: ["connectListNetworks", "connectListDefinedNetworks"],
    counts: ["connectNumOfNetworks", "connectNumOfDefinedNetworks"],
    byName: "networkLookupByName",
    byUuid: "networkLookupByUUID",
    missing: "NO_NETWORK",
  },
  {
    name: "storage pools",
    all: "connectListAllStoragePools",
    names: ["connectListStoragePools", "connectListDefinedStoragePools"],
    counts: ["connectNumOfStoragePools", "connectNumOfDefinedStoragePools"],
    byName: "storagePoolLookupByName",
    byUuid: "storagePoolLookupByUUID",
    missing: "NO_STORAGE_POOL",
  },
  {
    name: "interfaces",
    all: "connectListAllInterfaces",
    names: ["connectListInterfaces", "connectListDefinedInterfaces"],
    counts: ["connectNumOfInterfaces", "connectNumOfDefinedInterfaces"],
    byName: "interfaceLookupByName",
    missing: "NO_INTERFACE",
  },
  {
    name: "filters",
    all: "connectListAllNWFilters",
    names: ["connectListNWFilters"],
    counts: ["connectNumOfNWFilters"],
    byName: "nwFilterLookupByName",
    byUuid: "nwFilterLookupByUUID",
    missing: "NO_NWFILTER",
  },
  {
    name: "node devices",
    all: "connectListAllNodeDevices",
    names: [],
    counts: [],
    byName: "nodeDeviceLookupByName",
    missing: "NO_NODE_DEVICE",
  },
  {
    name: "secrets",
    all: "connectListAllSecrets",
    names: [],
    counts: ["connectNumOfSecrets"],
    byUuid: "secretLookupByUUID",
    missing: "NO_SECRET",
  },
];

function ask(api: HypervisorClient, call: string, args: object = {}): Promise<unknown> {
  if (!(call in hypervisorApi)) throw new Error(`there is no call ${call}`);
  return (api as unknown as Readonly<Record<string, AnyCall>>)[call]?.(args) ?? Promise.resolve();
}

async function listsAgree({ api, check }: Bench, { name, all, names, counts }: Sort): Promise<void> {
  const list = (await ask(api, all, { flags: 0 })) as readonly Named[];
  const claimed = (calls: readonly string[]) => calls.length > 0 && calls.every((call) => check.claims(call));
  if (claimed(names)) {
    const listed = (await Promise.all(names.map((call) => ask(api, call)))) as string[][];
    check.equal(listed.flat().sort(), list.map((each) => each.name ?? "").sort(), `the names of all ${name}`);
  }
  if (!claimed(counts)) return;
  const counted = (await Promise.all(counts.map((call) => ask(api, call)))) as number[];
  check.equal(
    counted.reduce((sum, count) => sum + count, 0),
    list.length,
    `the number of all ${name}`,
  );
}

async function eachIsFound({ api, check }: Bench, { all, byName, byUuid }: Sort): Promise<void> {
  const list = (await ask(api, all, { flags: 0 })) as readonly Named[];
  for (const { name, uuid } of list.slice(0, 20)) {
    const found: unknown[] = [];
    if (byName !== undefined && check.claims(byName)) found.push(await ask(api, byName, { name }));
    if (byUuid !== undefined && check.claims(byUuid)) found.push(await ask(api, byUuid, { uuid }));
    for (const each of found as readonly Named[]) check.equal([each.name, each.uuid], [name, uuid], "what was found");
  }
}

async function noneIsFound({ api, check }: Bench, { byName, byUuid, missing }: Sort): Promise<void> {
  if (byName !== undefined && check.claims(byName))
    await check.refused(ask(api, byName, { name: check.newName() }), missing, "an unknown name");
  if (byUuid !== undefined && check.claims(byUuid))
    await check.refused(ask(api, byUuid, { uuid: check.newUuid() }), missing, "an unknown UUID");
}

/** What the connection has beside domains, as far as it claims to: the kits of those contracts look closer. */
export const otherObjectCases: readonly HypervisorCase[] = SORTS.flatMap((sort) => [
  quiet(`lists and counts of ${sort.name} agree`, [sort.all], (bench) => listsAgree(bench, sort)),
  quiet(`each of the ${sort.name} is found`, [sort.all], (bench) => eachIsFound(bench, sort)),
  quiet(`one of the ${sort.name} that is not there is not found`, [sort.all], (bench) => noneIsFound(bench, sort)),
]);
