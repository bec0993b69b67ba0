import { readFile } from "node:fs/promises";
import type { Interface } from "@polyvisor/sdk/conf/domain";
import type { NamedCard } from "./plan.js";
import { connectionOf, deviceName } from "./refuse.js";

/**
 * The names of the cards on both sides: those of the host are the next free `vnetN` where none is given, those of the container
 * `ethN`. `reserved` are names on the host of cards that are about to be made, `taken` names of cards in the container.
 */
export async function nameCards(
  interfaces: readonly Interface[],
  reserved: ReadonlySet<string>,
  taken: readonly string[] = [],
): Promise<readonly NamedCard[]> {
  const onHost = new Set([...(await hostNames()), ...reserved]);
  const inside = new Set([...taken, ...interfaces.flatMap(({ guest }) => guest?.dev ?? [])]);
  return interfaces.map((nic): NamedCard => {
    const guest = nic.guest?.dev === undefined ? free("eth", inside) : deviceName(nic.guest.dev);
    if (connectionOf(nic).type === "direct") return { nic, guest };
    const wanted = nic.target?.dev;
    return { nic, guest, host: wanted === undefined ? free("vnet", onHost) : deviceName(wanted) };
  });
}

function free(prefix: string, taken: Set<string>): string {
  for (let number = 0; ; number++) {
    const name = `${prefix}${number}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

async function hostNames(): Promise<string[]> {
  const text = await readFile("/proc/self/net/dev", "utf8");
  return [...text.matchAll(/^\s*([^\s:]+):/gm)].map(([, name = ""]) => name);
}
