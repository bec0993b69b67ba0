import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Log, silentLog } from "@polyvisor/core";
import { peerCredentials } from "@polyvisor/sdk/process";
import type { ExecutionContext } from "ava";
import { SessionServer } from "../rpc/server.js";
import type { ServerSettings } from "../rpc/server-settings.js";
import { RawClient } from "./raw-client.js";
import { TinyHypervisor } from "./tiny-driver.js";

export interface Served {
  readonly hypervisor: TinyHypervisor;
  readonly server: SessionServer;
  readonly path: string;
  readonly readOnlyPath: string;
  connect(): Promise<RawClient>;
  /** A client that has opened test:///default. */
  open(): Promise<RawClient>;
}

const DEFAULTS: ServerSettings = {
  keepalive: { interval: 0, count: 5 },
  maxClients: 100,
  maxQueuedClients: 10,
  maxAnonymousClients: 10,
  maxClientRequests: 5,
};

/** A server with a tiny hypervisor behind it, on sockets of its own, until the test ends. */
export async function serve(
  t: ExecutionContext,
  settings: Partial<ServerSettings> = {},
  log: Log = silentLog,
): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), "polyvisord-"));
  const [path, readOnlyPath] = [join(folder, "sock"), join(folder, "sock-ro")];
  const hypervisor = new TinyHypervisor();
  const server = new SessionServer(hypervisor.host(), { ...DEFAULTS, ...settings }, log, peerCredentials);
  await server.listen({ path, mode: 0o700, readOnly: false });
  await server.listen({ path: readOnlyPath, mode: 0o777, readOnly: true });
  const clients: RawClient[] = [];
  t.teardown(async () => {
    for (const client of clients) client.close();
    for (const call of hypervisor.slow) call.settle();
    await server.close();
    await rm(folder, { recursive: true });
  });
  const connect = async () => {
    const client = await RawClient.connect(path);
    clients.push(client);
    return client;
  };
  const open = async () => {
    const client = await connect();
    await client.open("test:///default");
    return client;
  };
  return { hypervisor, server, path, readOnlyPath, connect, open };
}

/** Waits until something holds. ava's own timeout ends a wait that is in vain. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
