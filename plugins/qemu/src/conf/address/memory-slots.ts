import { VirtError } from "@polyvisor/core";
import type { Placement } from "./placement.js";

/** Gives memory modules the slots that `<maxMemory slots=''>` provides. */
export function assignMemorySlots(placement: Placement): void {
  const { maxMemory, devices } = placement.domain;
  if (maxMemory === undefined) return;
  const used = new Set(devices.memories.flatMap(({ address }) => (address?.type === "dimm" ? [address.slot] : [])));
  for (const memory of devices.memories) {
    if ((memory.model !== "dimm" && memory.model !== "nvdimm") || memory.address?.type === "dimm") continue;
    let slot = 0;
    while (used.has(slot)) slot++;
    if (slot >= maxMemory.slots)
      throw new VirtError("INTERNAL_ERROR", "failed to find an empty memory slot", {
        domain: "QEMU",
        hint: "give <maxMemory> more slots",
      });
    used.add(slot);
    placement.place(memory, { type: "dimm", slot });
  }
}
