import { type Connection, DomainHandle, VirtError } from "@polyvisor/core";

/** The domain that a person means: by id where it is a number and a domain runs under it, else by UUID or name. */
export async function findDomain(connection: Connection, text: string): Promise<DomainHandle> {
  if (/^\d{1,9}$/.test(text)) {
    try {
      return new DomainHandle(connection.api, await connection.api.domainLookupByID({ id: Number(text) }));
    } catch (error) {
      if (!(error instanceof VirtError) || error.code !== "NO_DOMAIN") throw error;
    }
  }
  return connection.domain(text);
}
