import {
  type Call,
  type CallContext,
  type HypervisorCallName,
  hypervisorApi,
  type MaybePromise,
  notSupported,
} from "@polyvisor/core";
import type { Args } from "../rpc/table.js";
import type { Asker } from "./asker.js";
import { maySee, maySeeAll } from "./authorize.js";
import { isSubjectName, type Reference, type SubjectName } from "./subject.js";

/** A call of libvirt's older kind, which tells names or numbers: answered from the call that lists the objects. */
interface OldList {
  readonly all: HypervisorCallName;
  /** Which of the objects: the flags of `all`. */
  readonly flags: number;
  /** What the old call tells of each object; absent where it tells only how many there are. */
  readonly tells?: string;
}

/** A policy that takes its time is asked about so many entries at once, so that others come in between. */
const ASKED_AT_ONCE = 32;

const INACTIVE = 1;
const ACTIVE = 2;

const OLD_LISTS: { readonly [K in HypervisorCallName]?: OldList } = {
  // Domains count the other way round.
  connectListDomains: { all: "connectListAllDomains", flags: 1, tells: "id" },
  connectNumOfDomains: { all: "connectListAllDomains", flags: 1 },
  connectListDefinedDomains: { all: "connectListAllDomains", flags: 2, tells: "name" },
  connectNumOfDefinedDomains: { all: "connectListAllDomains", flags: 2 },
  connectListNetworks: { all: "connectListAllNetworks", flags: ACTIVE, tells: "name" },
  connectNumOfNetworks: { all: "connectListAllNetworks", flags: ACTIVE },
  connectListDefinedNetworks: { all: "connectListAllNetworks", flags: INACTIVE, tells: "name" },
  connectNumOfDefinedNetworks: { all: "connectListAllNetworks", flags: INACTIVE },
  connectListStoragePools: { all: "connectListAllStoragePools", flags: ACTIVE, tells: "name" },
  connectNumOfStoragePools: { all: "connectListAllStoragePools", flags: ACTIVE },
  connectListDefinedStoragePools: { all: "connectListAllStoragePools", flags: INACTIVE, tells: "name" },
  connectNumOfDefinedStoragePools: { all: "connectListAllStoragePools", flags: INACTIVE },
  connectListInterfaces: { all: "connectListAllInterfaces", flags: ACTIVE, tells: "name" },
  connectNumOfInterfaces: { all: "connectListAllInterfaces", flags: ACTIVE },
  connectListDefinedInterfaces: { all: "connectListAllInterfaces", flags: INACTIVE, tells: "name" },
  connectNumOfDefinedInterfaces: { all: "connectListAllInterfaces", flags: INACTIVE },
  connectListNWFilters: { all: "connectListAllNWFilters", flags: 0, tells: "name" },
  connectNumOfNWFilters: { all: "connectListAllNWFilters", flags: 0 },
  connectListSecrets: { all: "connectListAllSecrets", flags: 0, tells: "uuid" },
  connectNumOfSecrets: { all: "connectListAllSecrets", flags: 0 },
  storagePoolListVolumes: { all: "storagePoolListAllVolumes", flags: 0, tells: "name" },
  storagePoolNumOfVolumes: { all: "storagePoolListAllVolumes", flags: 0 },
};

export type Invoke = (name: HypervisorCallName, args: Args, context: CallContext) => MaybePromise<unknown>;

/** The answer of a call whose entries are shown only to those who may know of them. */
export function filtered(
  asker: Asker,
  name: HypervisorCallName,
  args: Args,
  context: CallContext,
  invoke: Invoke,
): MaybePromise<unknown> {
  const call: Call = hypervisorApi[name];
  const { object = "", permission = "" } = call.aclFilter ?? {};
  if (!isSubjectName(object)) throw new Error(`no way to tell objects of the sort ${object} apart`);
  if (maySeeAll(asker, object, permission)) return invoke(name, args, context);
  return entryByEntry(asker, name, args, context, invoke, { object, permission });
}

async function entryByEntry(
  asker: Asker,
  name: HypervisorCallName,
  args: Args,
  context: CallContext,
  invoke: Invoke,
  { object, permission }: { readonly object: SubjectName; readonly permission: string },
): Promise<unknown> {
  const seen = (of: HypervisorCallName, entries: unknown) => visible(asker, of, object, permission, entries);
  const old = OLD_LISTS[name];
  if (old !== undefined) {
    const { tells } = old;
    const entries = await seen(name, await invoke(old.all, { ...args, flags: old.flags }, context));
    return tells === undefined ? entries.length : entries.map((entry) => entry[tells]);
  }
  if (name === "nodeNumOfDevices") return (await seen(name, await deviceNames(invoke, args, context))).length;
  const entries = await invoke(name, args, context);
  const isNames = name === "nodeListDevices";
  const kept = await seen(name, isNames ? (entries as string[]).map((device) => ({ name: device })) : entries);
  return isNames ? kept.map((entry) => entry.name) : kept;
}

async function deviceNames(invoke: Invoke, args: Args, context: CallContext): Promise<Reference[]> {
  const names = (await invoke("nodeListDevices", args, context)) as readonly string[];
  return names.map((name) => ({ name }));
}

/** Entries are references to objects, or records with the domain that they are about. */
async function visible(
  asker: Asker,
  call: HypervisorCallName,
  sort: SubjectName,
  permission: string,
  entries: unknown,
): Promise<Reference[]> {
  if (!Array.isArray(entries)) throw notSupported(call);
  const all = entries as Reference[];
  const of = (entry: Reference) => (call === "connectGetAllDomainStats" ? (entry.dom as Reference) : entry);
  const shown: Reference[] = [];
  for (let at = 0; at < all.length; at += ASKED_AT_ONCE) {
    const asked = all.slice(at, at + ASKED_AT_ONCE);
    const answers = asked.map((entry) => maySee(asker, call, sort, permission, of(entry)));
    const allowed = answers.some((answer) => answer instanceof Promise) ? await Promise.all(answers) : answers;
    shown.push(...asked.filter((_, index) => allowed[index]));
  }
  return shown;
}
