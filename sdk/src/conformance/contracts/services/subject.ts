import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Call,
  type CallContext,
  type ClientOf,
  createHost,
  type Host,
  lockApi,
  logApi,
  loginApi,
  policyApi,
  rootPaths,
  securityApi,
  silentLog,
  VirtError,
} from "@polyvisor/core";

/** The contracts whose providers are objects with handlers, by the word by which kits know them. */
export interface ServiceApis {
  lock: typeof lockApi;
  log: typeof logApi;
  security: typeof securityApi;
  auth: typeof loginApi;
  policy: typeof policyApi;
}

export type ServiceName = keyof ServiceApis;

/** Their tables of calls. */
export const SERVICE_APIS: ServiceApis = {
  lock: lockApi,
  log: logApi,
  security: securityApi,
  auth: loginApi,
  policy: policyApi,
};

export type ServiceClient<N extends ServiceName> = ClientOf<ServiceApis[N]>;

/** A provider of such a contract under test. */
export interface ServiceSubject<N extends ServiceName> {
  /** Its calls, as whoever needs the contract makes them. One that it lacks fails with `NO_SUPPORT`. */
  client(): ServiceClient<N>;
  /** Has the provider end and another one take its place that finds what the first has left, as after an upgrade. */
  restart?(): Promise<void>;
  close(): Promise<void>;
}

type Handlers = Readonly<Record<string, ((args: unknown, context: CallContext) => unknown) | undefined>>;

/** The calls that a provider has handlers of. */
export function claimedCalls(name: ServiceName, provider: object): string[] {
  return Object.keys(SERVICE_APIS[name]).filter((call) => typeof (provider as Handlers)[call] === "function");
}

export function clientOfProvider<N extends ServiceName>(name: N, provider: object): ServiceClient<N> {
  const context: CallContext = {
    identity: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, pid: process.pid },
    readOnly: false,
    signal: new AbortController().signal,
    log: silentLog,
  };
  const calls = Object.keys(SERVICE_APIS[name] as Readonly<Record<string, Call>>).map((call) => [
    call,
    async (args: unknown, more?: Partial<CallContext>) => {
      const handler = (provider as Handlers)[call];
      if (handler === undefined) throw new VirtError("NO_SUPPORT", call);
      return handler.call(provider, args, { ...context, ...more });
    },
  ]);
  return Object.fromEntries(calls) as ServiceClient<N>;
}

/** A provider that a test has made; `make` makes it anew on what the last one has left. */
export async function subjectOfProvider<N extends ServiceName>(
  name: N,
  make: () => object | Promise<object>,
): Promise<ServiceSubject<N>> {
  let provider = await make();
  return {
    client: () => clientOfProvider(name, provider),
    async restart() {
      provider = await make();
    },
    async close() {},
  };
}

export interface PluginUnderTest<N extends ServiceName> extends ServiceSubject<N> {
  /** The calls that it claims. */
  readonly calls: readonly string[];
}

/** What the plugin in a folder provides, loaded by a host that keeps its files in a folder of its own until the end. */
export async function subjectOfPlugin<N extends ServiceName>(name: N, folder: string): Promise<PluginUnderTest<N>> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-conformance-"));
  const start = async () => {
    const host = await createHost({ plugins: [folder], paths: rootPaths(root) });
    try {
      return { host, provider: await providerOf(host, name, folder) };
    } catch (error) {
      await host.close();
      throw error;
    }
  };
  let now = await start().catch(async (error: unknown) => {
    await rm(root, { recursive: true, force: true });
    throw error;
  });
  return {
    calls: claimedCalls(name, now.provider),
    client: () => clientOfProvider(name, now.provider),
    async restart() {
      await now.host.close();
      now = await start();
    },
    async close() {
      await now.host.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function providerOf(host: Host, name: ServiceName, folder: string): Promise<object> {
  const contract = `${name}.v1` as const;
  const [plugin] = host.plugins();
  if (plugin === undefined) throw new VirtError("CONFIG_UNSUPPORTED", `there is no plugin in ${folder}`);
  return host.provider(contract, plugin.name);
}
