import { CREATE_FLAG, type DomainHandle } from "@polyvisor/core";
import type { Command } from "../command.js";
import { findDomain } from "../find.js";
import { attachConsole } from "./console.js";

/** A command that does one thing to a domain and says so. */
function act(usage: string, description: string, run: (domain: DomainHandle) => Promise<string>): Command {
  return {
    usage,
    description,
    async run(session, [name = ""]) {
      session.print(await run(await findDomain(await session.connection(), name)));
    },
  };
}

export const start: Command = {
  usage: "start <name>",
  description: "Start a domain that is defined",
  options: [
    ["--paused", "Leave it paused"],
    ["--console", "Show its console from the first character on"],
  ],
  async run(session, [name = ""], { paused, console }) {
    const domain = await findDomain(await session.connection(), name);
    const holds = paused === true || console === true;
    await domain.create(holds ? CREATE_FLAG.PAUSED : 0);
    session.print(`Domain '${domain.name}' started`);
    if (console) await attachConsole(session, domain, {}, paused ? undefined : () => domain.resume());
  },
};

export const stop: Command = {
  usage: "stop <name>",
  description: "Ask a domain's guest to shut down",
  options: [["--force", "Do not ask: cut its power"]],
  async run(session, [name = ""], { force }) {
    const domain = await findDomain(await session.connection(), name);
    await (force ? domain.destroy() : domain.shutdown());
    session.print(force ? `Domain '${domain.name}' destroyed` : `Domain '${domain.name}' is being shutdown`);
  },
};

export const suspend = act("suspend <name>", "Stop a domain's CPUs", async (domain) => {
  await domain.suspend();
  return `Domain '${domain.name}' suspended`;
});

export const resume = act("resume <name>", "Let a suspended domain go on", async (domain) => {
  await domain.resume();
  return `Domain '${domain.name}' resumed`;
});

export const reboot = act("reboot <name>", "Ask a domain's guest to reboot", async (domain) => {
  await domain.reboot();
  return `Domain '${domain.name}' is being rebooted`;
});
