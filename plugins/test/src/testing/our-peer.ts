import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type Connection,
  DOMAIN_EVENT_KINDS,
  type Domain,
  type DomainEvent,
  type DomainStats,
  VirtError,
} from "@polyvisor/core";

/** An operation by the name that it has in libvirt's Python binding, the domain that it is for, and its arguments. */
export type Step = readonly [operation: string, domain: string | null, ...args: readonly unknown[]];

/** What came of a step: its result or its error, and the events since the step before. */
export interface Entry {
  readonly step: Step;
  readonly result?: unknown;
  readonly error?: readonly [code: number, domain: number, message: string];
  readonly events: readonly unknown[];
}

/** Runs a script of steps on an open connection of ours. The transcript has the shape of libvirt-peer.py's. */
export async function runSteps(connection: Connection, steps: readonly Step[]): Promise<Entry[]> {
  const handles = new Map<string, Domain>();
  const seen: unknown[] = [];
  const stop = new AbortController();
  const listening = listen(connection, stop.signal, seen);
  await nextTurn();
  const transcript: Entry[] = [];
  for (const step of steps) {
    const outcome = await runStep(connection, handles, step);
    await nextTurn();
    transcript.push({ step, ...outcome, events: seen.splice(0) });
  }
  stop.abort();
  await listening;
  return JSON.parse(JSON.stringify(transcript, asNumber)) as Entry[];
}

async function listen(connection: Connection, signal: AbortSignal, seen: unknown[]): Promise<void> {
  for await (const event of await connection.events({ kinds: DOMAIN_EVENT_KINDS, signal })) seen.push(plain(event));
}

function plain(event: DomainEvent): unknown {
  const { name, id } = event.dom;
  return event.kind === "lifecycle" ? [event.kind, name, id, event.event, event.detail] : [event.kind, name, id];
}

async function runStep(connection: Connection, handles: Map<string, Domain>, [name, dom, ...args]: Step) {
  const operation = OPERATIONS[name];
  if (operation === undefined) throw new Error(`no operation ${name}`);
  try {
    return {
      result: await operation(
        { api: connection.api, handles, dom: handles.get(dom ?? "") as Domain },
        ...(args as never[]),
      ),
    };
  } catch (error) {
    if (!(error instanceof VirtError)) throw error;
    return { error: [error.number, error.domainNumber, error.message] as const };
  }
}

interface Scope {
  readonly api: Connection["api"];
  readonly handles: Map<string, Domain>;
  readonly dom: Domain;
}

type Operation = (scope: Scope, ...args: never[]) => Promise<unknown>;

async function remember({ handles }: Scope, found: Promise<Domain>): Promise<unknown> {
  const { name, uuid, id } = await found;
  handles.set(name, { name, uuid, id });
  return { name, uuid, id };
}

async function sorted<T extends string | number>(list: Promise<readonly T[]>): Promise<T[]> {
  return [...(await list)].sort((a, b) => (a < b ? -1 : 1));
}

async function named(list: Promise<readonly Domain[]>): Promise<string[]> {
  return sorted(list.then((domains) => domains.map(({ name }) => name)));
}

async function stats(list: Promise<readonly DomainStats[]>): Promise<unknown> {
  const records = (await list).map(({ dom, params }) => [
    dom.name,
    Object.fromEntries(params.map(({ field, value }) => [field, value])),
  ]);
  return records.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

/** The binding's name for each figure. */
const MEMORY_STAT_NAMES = [
  "swap_in",
  "swap_out",
  "major_fault",
  "minor_fault",
  "unused",
  "available",
  "actual",
  "rss",
  "usable",
  "last_update",
  "disk_caches",
  "hugetlb_pgalloc",
  "hugetlb_pgfail",
];
/** The binding asks for as many CPUs as libvirt's driver says that the host has. */
const BINDING_MAP_BYTES = 1;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  getType: ({ api }) => api.connectGetType({}),
  getVersion: ({ api }) => api.connectGetVersion({}),
  getMaxVcpus: ({ api }) => api.connectGetMaxVcpus({ type: null }),
  getInfo: async ({ api }) => {
    const info = await api.nodeGetInfo({});
    const megabytes = Number(info.memory) / 1024;
    return [info.model, megabytes, info.cpus, info.mhz, info.nodes, info.sockets, info.cores, info.threads];
  },
  getCapabilities: ({ api }) => api.connectGetCapabilities({}),
  getHostname: ({ api }) => api.connectGetHostname({}),
  getFreeMemory: ({ api }) => api.nodeGetFreeMemory({}),
  getSysinfo: ({ api }, flags: number) => api.connectGetSysinfo({ flags }),
  getURI: ({ api }) => api.connectGetURI({}),
  lookupByName: (scope, name: string) => remember(scope, scope.api.domainLookupByName({ name })),
  lookupByID: (scope, id: number) => remember(scope, scope.api.domainLookupByID({ id })),
  lookupByUUID: (scope, uuid: string) => remember(scope, scope.api.domainLookupByUUID({ uuid })),
  numOfDomains: ({ api }) => api.connectNumOfDomains({}),
  numOfDefinedDomains: ({ api }) => api.connectNumOfDefinedDomains({}),
  listDomainsID: ({ api }) => sorted(api.connectListDomains({})),
  listDefinedDomains: ({ api }) => sorted(api.connectListDefinedDomains({})),
  listAllDomains: ({ api }, flags: number) => named(api.connectListAllDomains({ flags })),
  getAllDomainStats: ({ api }, groups: number, flags: number) =>
    stats(api.connectGetAllDomainStats({ doms: [], stats: groups, flags })),
  domainListGetStats: ({ api, handles }, names: string[], groups: number, flags: number) =>
    stats(
      api.connectGetAllDomainStats({ doms: names.map((name) => handles.get(name) as Domain), stats: groups, flags }),
    ),
  defineXML: (scope, xml: string) => remember(scope, scope.api.domainDefineXML({ xml })),
  defineXMLFlags: (scope, xml: string, flags: number) =>
    remember(scope, scope.api.domainDefineXMLFlags({ xml, flags })),
  createXML: (scope, xmlDesc: string, flags: number) => remember(scope, scope.api.domainCreateXML({ xmlDesc, flags })),
  create: ({ api, dom }) => api.domainCreate({ dom }),
  createWithFlags: async ({ api, dom }, flags: number) => void (await api.domainCreateWithFlags({ dom, flags })),
  destroy: ({ api, dom }) => api.domainDestroy({ dom }),
  destroyFlags: ({ api, dom }, flags: number) => api.domainDestroyFlags({ dom, flags }),
  shutdown: ({ api, dom }) => api.domainShutdown({ dom }),
  shutdownFlags: ({ api, dom }, flags: number) => api.domainShutdownFlags({ dom, flags }),
  reboot: ({ api, dom }, flags: number) => api.domainReboot({ dom, flags }),
  reset: ({ api, dom }, flags: number) => api.domainReset({ dom, flags }),
  suspend: ({ api, dom }) => api.domainSuspend({ dom }),
  resume: ({ api, dom }) => api.domainResume({ dom }),
  undefine: ({ api, dom }) => api.domainUndefine({ dom }),
  undefineFlags: ({ api, dom }, flags: number) => api.domainUndefineFlags({ dom, flags }),
  info: async ({ api, dom }) => {
    const info = await api.domainGetInfo({ dom });
    return [info.state, info.maxMem, info.memory, info.nrVirtCpu];
  },
  state: async ({ api, dom }, flags: number) => {
    const { state, reason } = await api.domainGetState({ dom, flags });
    return [state, reason];
  },
  XMLDesc: ({ api, dom }, flags: number) => api.domainGetXMLDesc({ dom, flags }),
  isActive: async ({ api, dom }) => Number(await api.domainIsActive({ dom })),
  isPersistent: async ({ api, dom }) => Number(await api.domainIsPersistent({ dom })),
  isUpdated: async ({ api, dom }) => Number(await api.domainIsUpdated({ dom })),
  OSType: ({ api, dom }) => api.domainGetOSType({ dom }),
  autostart: async ({ api, dom }) => Number(await api.domainGetAutostart({ dom })),
  setAutostart: ({ api, dom }, value: number) => api.domainSetAutostart({ dom, autostart: value !== 0 }),
  hasManagedSaveImage: async ({ api, dom }, flags: number) => {
    return api.domainHasManagedSaveImage({ dom, flags });
  },
  maxMemory: ({ api, dom }) => api.domainGetMaxMemory({ dom }),
  setMaxMemory: ({ api, dom }, memory: number) => api.domainSetMaxMemory({ dom, memory: BigInt(memory) }),
  setMemory: ({ api, dom }, memory: number) => api.domainSetMemory({ dom, memory: BigInt(memory) }),
  setMemoryFlags: ({ api, dom }, memory: number, flags: number) =>
    api.domainSetMemoryFlags({ dom, memory: BigInt(memory), flags }),
  memoryStats: async ({ api, dom }) => {
    const figures = await api.domainMemoryStats({ dom, flags: 0 });
    return Object.fromEntries(figures.map(({ tag, val }) => [MEMORY_STAT_NAMES[tag], val]));
  },
  maxVcpus: ({ api, dom }) => api.domainGetMaxVcpus({ dom }),
  vcpusFlags: ({ api, dom }, flags: number) => api.domainGetVcpusFlags({ dom, flags }),
  setVcpus: ({ api, dom }, nvcpus: number) => api.domainSetVcpus({ dom, nvcpus }),
  setVcpusFlags: ({ api, dom }, nvcpus: number, flags: number) => api.domainSetVcpusFlags({ dom, nvcpus, flags }),
  vcpus: async ({ api, dom }) => {
    const maxinfo = (await api.domainGetInfo({ dom })).nrVirtCpu;
    const { info, cpumaps } = await api.domainGetVcpus({ dom, maxinfo, maplen: BINDING_MAP_BYTES });
    const mapOf = (index: number) => bits(cpumaps.subarray(index * BINDING_MAP_BYTES, (index + 1) * BINDING_MAP_BYTES));
    return [info.map(({ number, state, cpu }) => [number, state, cpu]), info.map((_, index) => mapOf(index))];
  },
};

function bits(map: Uint8Array): boolean[] {
  return Array.from({ length: map.length * 8 }, (_, bit) => (((map[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1);
}

/** JSON has no bigint; the figures here are small. */
function asNumber(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : (value ?? null);
}
