import { type DomainJob, VirtError } from "@polyvisor/core";
import type { Command } from "../command.js";
import { findDomain } from "../find.js";
import { toJson } from "../words/json.js";
import { formatTable } from "../words/table.js";

export const jobs: Command = {
  usage: "jobs",
  description: "Show who holds a domain, and who waits for one, the oldest first",
  options: [["--json", "Print a JSON array of {dom, id, slot, kind, api, state, age}, ages in milliseconds"]],
  async run(session, _, { json }) {
    const all = await (await session.connection()).jobs();
    session.print(json ? toJson(all) : tableOf(all));
  },
};

export const cancelJob: Command = {
  usage: "cancel-job <name> <job>",
  description: "Make a job give up that is stuck; what the guest was told before may still happen",
  async run(session, [name = "", job = ""]) {
    if (!/^[0-9]+$/.test(job))
      throw new VirtError("INVALID_ARG", `'${job}' is no job`, {
        hint: "polyvisor jobs shows them, each with its number",
      });
    const domain = await findDomain(await session.connection(), name);
    await domain.cancelJob(BigInt(job));
    session.print(`Job ${job} of domain '${domain.name}' cancelled`);
  },
};

function tableOf(all: readonly DomainJob[]): string {
  const rows = all.map(({ dom, id, slot, kind, api, state, age }) => [
    `${id}`,
    dom.name,
    slot === kind ? kind : `${slot} ${kind}`,
    api,
    state,
    `${(Number(age) / 1000).toFixed(1)} s`,
  ]);
  return formatTable(["Job", "Domain", "Kind", "Call", "State", "Age"], rows);
}
