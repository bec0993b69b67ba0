import { readFile, writeFile } from "node:fs/promises";
import { bootId } from "@polyvisor/sdk/process";
import type { QemuDomain } from "./domain.js";
import type { Hypervisor } from "./hypervisor.js";
import { startDomain } from "./start/index.js";
import { within } from "./within.js";

/** How long the next domain waits for one that is slow, in milliseconds: its storage may hang. */
const PATIENCE = 5_000;

/**
 * Starts the domains that start by themselves, in the order of their names: once in each boot of the host, so that a
 * guest that someone stopped does not come back with a restart of the daemon. One that someone has used since is theirs.
 * Never fails.
 */
export async function autostartDomains(hypervisor: Hypervisor): Promise<void> {
  const { autostarted } = hypervisor.layout;
  const due = [...hypervisor.domains].filter(({ isActive }) => !isActive).map(({ uuid, status }) => ({ uuid, status }));
  const boot = bootId();
  if ((await readFile(autostarted, "utf8").catch(() => "")).trim() === boot) return;
  await writeFile(autostarted, `${boot}\n`, { mode: 0o600 }).catch((error: unknown) => {
    hypervisor.log.error({ err: error }, "it cannot be noted that autostart was done");
  });
  for (const { uuid, status } of due) {
    const domain = hypervisor.domains.byUuid(uuid);
    if (domain?.autostart && domain.status === status) await within(autostart(hypervisor, domain), PATIENCE);
  }
}

async function autostart(hypervisor: Hypervisor, domain: QemuDomain): Promise<void> {
  try {
    await domain.jobs.runAsync({ kind: "start", api: "autostart", mask: [] }, async () => {
      // A client may have been first.
      if (domain.isActive) return;
      const definition = await hypervisor.definitions.load(domain.name);
      await startDomain(hypervisor, domain, definition, { paused: false });
    });
  } catch (error) {
    hypervisor.log.error({ err: error, domain: domain.name }, "a domain cannot be started by itself");
  }
}
