import { readdir } from "node:fs/promises";
import { QemuDomain } from "./domain.js";
import type { Hypervisor } from "./hypervisor.js";
import type { Found } from "./recovery.js";
import { removeLeftovers } from "./state/leftovers.js";
import type { ScanResult } from "./state/scan.js";
import { within } from "./within.js";

/** How long clients wait at most for guests that were running; slower ones are reconnected behind their backs. */
const PATIENCE = 3_000;

/**
 * Called once, before anyone is served: every definition, and every guest that ran when the daemon ended. `scan` is what was
 * found among the definitions.
 */
export async function recoverDomains(hypervisor: Hypervisor, scan: Promise<ScanResult>): Promise<void> {
  for (const { name, uuid, autostart } of await hypervisor.definitions.index(scan)) {
    if (hypervisor.domains.byUuid(uuid) !== undefined) {
      hypervisor.log.error({ name, uuid }, "a definition has the UUID of another and is left out");
      continue;
    }
    const domain = new QemuDomain(name, uuid, true);
    domain.autostart = autostart;
    hypervisor.domains.add(domain);
  }
  const files = (await readdir(hypervisor.layout.status)).filter((file) => file.endsWith(".xml"));
  if (files.length === 0) await prepare(hypervisor, []);
  else await recoverGuests(hypervisor, files);
}

/** Clears away what is of no guest. */
async function prepare(hypervisor: Hypervisor, found: readonly Found[]): Promise<void> {
  await removeLeftovers(
    hypervisor.layout,
    found.map(({ name, status }) => ({ name, record: status?.record })),
    hypervisor.log,
  );
  await hypervisor.confinement.sweep();
}

/** Where there are guests, there is use for the code that reads what they are, talks to them and ends them. */
async function recoverGuests(hypervisor: Hypervisor, files: readonly string[]): Promise<void> {
  const { attach, readStatusFiles, reconnectGuest } = await import("./recovery.js");
  const found = await readStatusFiles(hypervisor, files);
  await prepare(hypervisor, found);
  // Until each guest shows as running, nobody is served: a second one could be started beside it.
  const guests = await Promise.all(found.map((each) => attach(hypervisor, each)));
  // Whoever keeps the logs of guests that run begins to watch over them when it is first asked for.
  if (guests.length > 0) hypervisor.services.log().catch(() => {});
  const reconnecting = hypervisor.events.recover(() =>
    Promise.all(guests.map((each) => each && reconnectGuest(hypervisor, each.domain, each.guest))),
  );
  await within(reconnecting, PATIENCE);
}
