import {
  type CallContext,
  HOST_INFO,
  type HostInfo,
  type HypervisorConnection,
  type HypervisorDriver,
  type Uri,
  VirtError,
} from "@polyvisor/core";
import { RpcClient } from "@polyvisor/sdk/rpc";
import { inject, injectable } from "tsyringe";
import { openRemote } from "./connection.js";
import { targetOf } from "./target.js";

/** The client of any libvirtd or polyvisord: every call of the table goes to the daemon, and its events come back. */
@injectable()
export class RemoteDriver implements HypervisorDriver {
  readonly #info: HostInfo;
  readonly #clients = new Set<RpcClient>();

  constructor(@inject(HOST_INFO as symbol) info: HostInfo) {
    this.#info = info;
  }

  async open(uri: Uri, { readOnly, log }: CallContext): Promise<HypervisorConnection> {
    const uid = process.getuid?.() ?? 0;
    const { name, sockets } = targetOf(uri, { info: this.#info, readOnly, uid, env: process.env });
    const client = await connectFirst(sockets);
    this.#clients.add(client);
    void client.closed.then(() => this.#clients.delete(client));
    try {
      return await openRemote(client, name, { readOnly, log });
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.close()));
  }
}

/** Connects to the first socket behind which a daemon listens. Where none does, the first failure is told. */
async function connectFirst(sockets: readonly string[]): Promise<RpcClient> {
  const failures: VirtError[] = [];
  for (const socket of sockets) {
    try {
      return await RpcClient.connect(socket);
    } catch (error) {
      if (!(error instanceof VirtError) || !isAbsent(error.cause)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first === undefined || failures.length === 1) throw first;
  throw new VirtError(first.code, first.detail, {
    domain: first.domain,
    hint: `start polyvisord, or name a socket with socket=PATH in the URI; none listens at ${sockets.slice(1).join(" or ")} either`,
    cause: first.cause,
  });
}

function isAbsent(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ECONNREFUSED";
}
