import {
  type Call,
  type Domain,
  type DomainCheckpoint,
  type DomainSnapshot,
  domain,
  domainCheckpoint,
  domainSnapshot,
  type HypervisorConnection,
  type MaybePromise,
  type NetworkPort,
  network,
  networkInterface,
  networkPort,
  nodeDevice,
  notSupported,
  nwfilter,
  nwfilterBinding,
  type ObjectAttributes,
  type Secret,
  type StorageVol,
  secret,
  storagePool,
  storageVol,
} from "@polyvisor/core";
import { whenThere } from "./maybe.js";

/** A reference to any object of the API. */
export type Reference = Readonly<Record<string, unknown>>;

/** How objects of one sort are found by what a client said of them, and told apart. */
export interface Subject {
  /** The object as its driver knows it. Throws where there is none. */
  resolve(connection: HypervisorConnection, reference: Reference): MaybePromise<Reference>;
  /** Of an object as its driver knows it. */
  attributes(reference: Reference, connection: HypervisorConnection): MaybePromise<ObjectAttributes>;
}

type Lookup = (args: Reference) => MaybePromise<Reference>;

/** The driver's own call that finds an object. A client that names one to a driver without such calls gets `NO_SUPPORT`. */
function lookup(connection: HypervisorConnection, name: string, args: Reference): MaybePromise<Reference> {
  const handler = (connection as unknown as Record<string, Lookup | undefined>)[name];
  if (handler === undefined) throw notSupported(name);
  return handler.call(connection, args);
}

/** An object that has a name and a UUID. */
function byUuid(prefix: string, call: string): Subject {
  return {
    resolve: (connection, { uuid }) => lookup(connection, call, { uuid }),
    attributes: ({ name, uuid }) => ({ [`${prefix}_name`]: String(name), [`${prefix}_uuid`]: String(uuid) }),
  };
}

const domainAttributes = ({ name, uuid }: Domain): ObjectAttributes => ({ domain_name: name, domain_uuid: uuid });
const resolveDomain = (connection: HypervisorConnection, reference: Reference) =>
  connection.resolveDomain(reference as unknown as Domain) as MaybePromise<Reference & Domain>;

/** A snapshot or a checkpoint: permissions are those of its domain. */
const ofDomain: Subject = {
  async resolve(connection, reference) {
    return { ...reference, dom: await resolveDomain(connection, reference.dom as Reference) };
  },
  attributes: (reference) => domainAttributes((reference as unknown as DomainSnapshot | DomainCheckpoint).dom),
};

/** What a secret is for decides under which name its object is told. */
const SECRET_USAGES = ["", "secret_usage_volume", "secret_usage_ceph", "secret_usage_target", "secret_usage_name"];

export const SUBJECTS = {
  domain: { resolve: resolveDomain, attributes: (reference) => domainAttributes(reference as unknown as Domain) },
  domainMoment: ofDomain,
  network: byUuid("network", "networkLookupByUUID"),
  network_port: {
    resolve: (connection, { net, uuid }) => lookup(connection, "networkPortLookupByUUID", { network: net, uuid }),
    attributes(reference) {
      const { net, uuid } = reference as unknown as NetworkPort;
      return { network_name: net.name, network_uuid: net.uuid, port_uuid: uuid };
    },
  },
  storage_pool: byUuid("pool", "storagePoolLookupByUUID"),
  storage_vol: {
    resolve: (connection, { key }) => lookup(connection, "storageVolLookupByKey", { key }),
    attributes(reference, connection) {
      const { pool, name, key } = reference as unknown as StorageVol;
      return whenThere(lookup(connection, "storagePoolLookupByName", { name: pool }), ({ uuid }) => ({
        pool_name: pool,
        pool_uuid: String(uuid),
        vol_name: name,
        vol_key: key,
      }));
    },
  },
  node_device: {
    resolve: (connection, { name }) => lookup(connection, "nodeDeviceLookupByName", { name }),
    attributes: ({ name }) => ({ node_device_name: String(name) }),
  },
  nwfilter: byUuid("nwfilter", "nwFilterLookupByUUID"),
  nwfilter_binding: {
    resolve: (connection, { portdev }) => lookup(connection, "nwFilterBindingLookupByPortDev", { name: portdev }),
    attributes: ({ portdev, filtername }) => ({
      nwfilter_binding_portdev: String(portdev),
      nwfilter_binding_filter: String(filtername),
    }),
  },
  secret: {
    resolve: (connection, { uuid }) => lookup(connection, "secretLookupByUUID", { uuid }),
    attributes(reference) {
      const { uuid, usageType, usageID } = reference as unknown as Secret;
      const usage = SECRET_USAGES[usageType];
      return { secret_uuid: uuid, ...(usage === undefined || usage === "" ? {} : { [usage]: usageID }) };
    },
  },
  interface: {
    resolve: (connection, { name }) => lookup(connection, "interfaceLookupByName", { name }),
    attributes: ({ name, mac }) => ({ interface_name: String(name), interface_macaddr: String(mac) }),
  },
} as const satisfies Readonly<Record<string, Subject>>;

export type SubjectName = keyof typeof SUBJECTS;

const CODECS: ReadonlyMap<unknown, SubjectName> = new Map<unknown, SubjectName>([
  [domain, "domain"],
  [domainSnapshot, "domainMoment"],
  [domainCheckpoint, "domainMoment"],
  [network, "network"],
  [networkPort, "network_port"],
  [storagePool, "storage_pool"],
  [storageVol, "storage_vol"],
  [nodeDevice, "node_device"],
  [nwfilter, "nwfilter"],
  [nwfilterBinding, "nwfilter_binding"],
  [secret, "secret"],
  [networkInterface, "interface"],
]);

/** The argument of a call that names an object, and its sort. */
export interface Naming {
  readonly field: string;
  readonly name: SubjectName;
  /** The argument is the object's name alone, not a reference. */
  readonly byName: boolean;
}

/** Asked for in each call; the calls of the table are always the same. */
const known = new WeakMap<Call, { readonly naming: Naming | undefined }>();

/** `undefined` for a call that names no object which is there already. */
export function subjectOf(call: Call): Naming | undefined {
  let entry = known.get(call);
  if (entry === undefined) {
    entry = { naming: namingOf(call) };
    known.set(call, entry);
  }
  return entry.naming;
}

function namingOf(call: Call): Naming | undefined {
  const found = subjectIn(call.args);
  if (found !== undefined) return { ...found, byName: false };
  const [field, name] =
    call.acl[0]?.object === "node_device" ? ["name", "node_device" as const] : ["dname", "domain" as const];
  const layout = call.args.fields[field]?.layout;
  // Where a migration ends the domain is there, under the name that it was to get; where it begins, `dname` may be left out.
  return layout === undefined || layout.endsWith("?") ? undefined : { field, name, byName: true };
}

const BY_NAME = { node_device: "nodeDeviceLookupByName", domain: "domainLookupByName" } as const;

/** The object that a call names, as its driver knows it: it takes the place of what the client said in `args`. */
export function resolveNamed(
  connection: HypervisorConnection,
  { field, name, byName }: Naming,
  args: Record<string, unknown>,
): MaybePromise<Reference> {
  const subject: Subject = SUBJECTS[name];
  const found = byName
    ? lookup(connection, BY_NAME[name as keyof typeof BY_NAME], { name: args[field] })
    : subject.resolve(connection, args[field] as Reference);
  return whenThere(found, (reference) => {
    args[field] = byName ? reference.name : reference;
    return reference;
  });
}

/** What a client calls the object of its call: for the log, where nobody has looked at the object. */
export function namedIn(call: Call, args: Reference): unknown {
  const named = subjectOf(call);
  return named === undefined ? undefined : args[named.field];
}

/** The sort of object that a call looks up: whether the client may know of it shows only when it is found. */
export function lookedUp(name: string, call: Call): SubjectName | undefined {
  return /LookupBy|LookupSCSIHost/.test(name) ? subjectIn(call.ret)?.name : undefined;
}

function subjectIn({ fields }: Call["args"]): { readonly field: string; readonly name: SubjectName } | undefined {
  for (const [field, codec] of Object.entries(fields)) {
    const name = CODECS.get(codec);
    if (name !== undefined) return { field, name };
  }
  return undefined;
}

export function isSubjectName(object: string): object is SubjectName {
  return object in SUBJECTS;
}
