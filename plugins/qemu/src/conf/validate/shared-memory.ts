import { findMachine } from "../../capabilities/index.js";
import { virtTypeOf } from "../cpu.js";
import type { Checked } from "./context.js";
import { refuse } from "./refuse.js";

/** A helper process reads the guest's memory: all of it must be shared. `name`: the device that needs it. */
export function requireSharedMemory(name: string, { domain, caps }: Checked): void {
  const everywhere = domain.memoryBacking?.access === "shared";
  const cells = domain.cpu?.numa?.cells ?? [];
  const asOne = findMachine(caps, virtTypeOf(domain), domain.os.machine ?? "")?.defaultRamId !== undefined;
  const shared =
    cells.length === 0
      ? asOne && everywhere
      : cells.every(({ memAccess }) => (memAccess === undefined ? everywhere : memAccess === "shared"));
  if (!shared)
    throw refuse(`'${name}' requires shared memory`, "add <memoryBacking><access mode='shared'/></memoryBacking>");
}
