import type { Domain } from "@polyvisor/sdk/conf";
import { initialMemory } from "./memory.js";

const MEBIBYTE = 1024;

/** KiB to which the memory at boot and a plugged module are rounded up. */
function alignments(arch: string): { readonly boot: number; readonly module: number } {
  return arch.startsWith("ppc64")
    ? { boot: 256 * MEBIBYTE, module: 256 * MEBIBYTE }
    : { boot: MEBIBYTE, module: 2 * MEBIBYTE };
}

/**
 * The domain with memory sizes that QEMU accepts. Called at each start, so that the running configuration shows what the
 * guest really has; the stored one keeps what was written.
 */
export function alignMemory(domain: Domain): Domain {
  const { boot, module } = alignments(domain.os.arch ?? "");
  const up = (size: number, to: number) => Math.ceil(size / to) * to;
  const cells = domain.cpu?.numa?.cells.map((cell) => ({ ...cell, memory: up(cell.memory, boot) })) ?? [];
  const initial = cells.length === 0 ? up(initialMemory(domain), boot) : sum(cells.map((cell) => cell.memory));
  const memories = domain.devices.memories.map((memory) => ({
    ...memory,
    target: { ...memory.target, size: up(memory.target.size, module) },
  }));
  const { cpu, maxMemory } = domain;
  return {
    ...domain,
    memory: initial + sum(memories.map((memory) => memory.target.size)),
    ...(cpu?.numa === undefined ? {} : { cpu: { ...cpu, numa: { ...cpu.numa, cells } } }),
    ...(maxMemory === undefined ? {} : { maxMemory: { ...maxMemory, size: up(maxMemory.size, boot) } }),
    devices: { ...domain.devices, memories },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
