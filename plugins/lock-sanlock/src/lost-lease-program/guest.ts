import { remoteProgram, VirtError } from "@polyvisor/core";
import { RpcClient, stubsOf } from "@polyvisor/sdk/rpc";

/** The guest as its daemon manages it. */
export interface ManagedGuest {
  destroy(): Promise<void>;
  suspend(): Promise<void>;
  /** What is needed to start it again: `undefined` where the daemon keeps its configuration. */
  transientXml(): Promise<string | undefined>;
  /** Does nothing where it runs. */
  start(transientXml: string | undefined): Promise<void>;
}

export interface GuestAddress {
  /** The daemon's socket. */
  readonly socket: string;
  readonly uri: string;
  readonly uuid: string;
}

const SECURE_XML = 1;

/** Opens a connection for one piece of work, and gives all of it up after so many milliseconds. */
export async function withGuest<T>(
  { socket, uri, uuid }: GuestAddress,
  deadline: number,
  work: (guest: ManagedGuest) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(deadline);
  const client = await beforeAbort(RpcClient.connect(socket), signal);
  try {
    const api = stubsOf(client, remoteProgram);
    await api.connectOpen({ name: uri, flags: 0 }, { signal });
    const find = () => api.domainLookupByUUID({ uuid }, { signal });
    return await work({
      async destroy() {
        const dom = await find();
        if (await api.domainIsActive({ dom }, { signal })) await api.domainDestroyFlags({ dom, flags: 0 }, { signal });
      },
      async suspend() {
        await api.domainSuspend({ dom: await find() }, { signal });
      },
      async transientXml() {
        const dom = await find();
        if (await api.domainIsPersistent({ dom }, { signal })) return undefined;
        return api.domainGetXMLDesc({ dom, flags: SECURE_XML }, { signal });
      },
      async start(xml) {
        const known = await find().catch((error: unknown) => {
          if (xml !== undefined && error instanceof VirtError && error.code === "NO_DOMAIN") return undefined;
          throw error;
        });
        if (known === undefined) await api.domainCreateXML({ xmlDesc: xml ?? "", flags: 0 }, { signal });
        else if (!(await api.domainIsActive({ dom: known }, { signal })))
          await api.domainCreate({ dom: known }, { signal });
      },
    });
  } finally {
    client.close();
  }
}

/** A daemon that is stopped takes connections and answers nobody. */
function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
