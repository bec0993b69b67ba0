import { type Connection, type DomainHandle, LIST_DOMAINS_FLAG, VirtError } from "@polyvisor/core";
import type { Command } from "../command.js";
import { toJson } from "../words/json.js";
import { STATE_WORDS, wordFor } from "../words/numbers.js";
import { formatTable } from "../words/table.js";

interface Listed {
  /** `null` where the domain is not running. */
  readonly id: number | null;
  readonly name: string;
  readonly uuid: string;
  readonly state: string;
}

export const list: Command = {
  usage: "list",
  description: "Show the domains that run",
  options: [
    ["--all", "Show those that do not run, too"],
    ["--json", "Print a JSON array of {id, name, uuid, state}"],
  ],
  async run(session, _, options) {
    const { ACTIVE, INACTIVE } = LIST_DOMAINS_FLAG;
    const domains = await listed(await session.connection(), options.all ? ACTIVE | INACTIVE : ACTIVE);
    if (options.json) session.print(toJson(domains));
    else session.print(tableOf(domains));
  },
};

/** Running domains by id, then the others by name. */
async function listed(connection: Connection, flags: number): Promise<Listed[]> {
  const all = await Promise.all((await connection.domains(flags)).map(withState));
  return all
    .filter((entry) => entry !== undefined)
    .sort((a, b) => (a.id ?? Infinity) - (b.id ?? Infinity) || a.name.localeCompare(b.name));
}

/** `undefined` where the domain is gone meanwhile. */
async function withState(domain: DomainHandle): Promise<Listed | undefined> {
  try {
    const { state } = await domain.state();
    const { id, name, uuid } = domain;
    return { id: id < 0 ? null : id, name, uuid, state: wordFor(STATE_WORDS, state) };
  } catch (error) {
    if (error instanceof VirtError && error.code === "NO_DOMAIN") return undefined;
    throw error;
  }
}

function tableOf(domains: readonly Listed[]): string {
  const rows = domains.map(({ id, name, state }) => [id === null ? "-" : `${id}`, name, state]);
  return formatTable(["Id", "Name", "State"], rows);
}
