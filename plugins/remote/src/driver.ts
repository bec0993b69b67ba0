import { homedir } from "node:os";
import {
  type CallContext,
  HOST_INFO,
  type HostInfo,
  type HypervisorConnection,
  type HypervisorDriver,
  type Uri,
  VirtError,
} from "@polyvisor/core";
import { connectTo, type RpcClient, type Way } from "@polyvisor/sdk/rpc";
import { inject, injectable } from "tsyringe";
import { openRemote } from "./connection.js";
import { type Door, targetOf } from "./target.js";
import { certificatePaths, readCredentials } from "./tls.js";

/** The client of any libvirtd or polyvisord: every call of the table goes to the daemon, and its events come back. */
@injectable()
export class RemoteDriver implements HypervisorDriver {
  readonly #info: HostInfo;
  readonly #clients = new Set<RpcClient>();

  constructor(@inject(HOST_INFO as symbol) info: HostInfo) {
    this.#info = info;
  }

  /** Where the caller gives up, the way to the daemon is closed, however far it was. */
  async open(uri: Uri, { readOnly, log, identity, signal }: CallContext): Promise<HypervisorConnection> {
    const uid = process.getuid?.() ?? 0;
    const target = targetOf(uri, { info: this.#info, readOnly, uid, env: process.env });
    const client = await connectFirst(target.doors, uid, signal);
    this.#clients.add(client);
    void client.closed.then(() => this.#clients.delete(client));
    const giveUp = () => void client.close();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await openRemote(client, target, {
        readOnly,
        log,
        ...(this.#info.speaksForClients && { inTheNameOf: identity }),
      });
    } catch (error) {
      await client.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.close()));
  }
}

/** Connects by the first door behind which a daemon listens. Where none does, the first failure is told. */
async function connectFirst(doors: readonly Door[], uid: number, signal: AbortSignal): Promise<RpcClient> {
  const failures: VirtError[] = [];
  for (const door of doors) {
    try {
      return await connectTo(await wayThrough(door, uid), signal);
    } catch (error) {
      if (door.kind !== "unix" || !(error instanceof VirtError) || !isAbsent(error.cause)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first === undefined || failures.length === 1) throw first;
  const others = doors.slice(1).flatMap((door) => (door.kind === "unix" ? [door.path] : []));
  throw new VirtError(first.code, first.detail, {
    domain: first.domain,
    hint: `start polyvisord, or name a socket with socket=PATH in the URI; none listens at ${others.join(" or ")} either`,
    cause: first.cause,
  });
}

async function wayThrough(door: Door, uid: number): Promise<Way> {
  if (door.kind !== "tls") return door;
  const { kind, host, port, pkipath, verify, versions } = door;
  const credentials = await readCredentials(certificatePaths(pkipath, uid, homedir()), verify);
  return { kind, host, port, credentials: { ...credentials, versions } };
}

function isAbsent(cause: unknown): boolean {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return code === "ENOENT" || code === "ECONNREFUSED";
}
