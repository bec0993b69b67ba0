import { type CallContext, type HypervisorConnection, silentLog } from "@polyvisor/core";

export interface JobCount {
  readonly uri: string;
  /** `running` or `waiting`. */
  readonly state: string;
  readonly count: number;
}

interface Connected {
  readonly isOpen: boolean;
  readonly connection: HypervisorConnection;
}

/** The jobs behind the connections of some clients. Each hypervisor is asked once; one that fails is left out. */
export async function countJobs(clients: Iterable<Connected>): Promise<readonly JobCount[]> {
  const hypervisors = new Map<string, HypervisorConnection>();
  for (const client of clients) if (client.isOpen) hypervisors.set(client.connection.uri, client.connection);
  const counts = await Promise.all([...hypervisors].map(([uri, connection]) => countOf(uri, connection)));
  return counts.flat();
}

async function countOf(uri: string, connection: HypervisorConnection): Promise<readonly JobCount[]> {
  const context: CallContext = {
    identity: {},
    readOnly: true,
    signal: AbortSignal.timeout(JOBS_MS),
    log: silentLog,
  };
  try {
    const jobs = (await connection.connectListAllDomainJobs?.({ flags: 0 }, context)) ?? [];
    return ["running", "waiting"].map((state) => ({
      uri,
      state,
      count: jobs.filter((job) => job.state === state).length,
    }));
  } catch {
    return [];
  }
}

/** How long a hypervisor may take to list its jobs. */
const JOBS_MS = 5000;
