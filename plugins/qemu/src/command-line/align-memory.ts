import type { Domain } from "@polyvisor/sdk/conf";
import { alignModule, bootAlignment } from "../conf/align-module.js";
import { initialMemory } from "./memory.js";

/**
 * The domain with memory sizes that QEMU accepts. Called at each start, so that the running configuration shows what the
 * guest really has; the stored one keeps what was written.
 */
export function alignMemory(domain: Domain): Domain {
  const boot = bootAlignment(domain);
  const up = (size: number, to: number) => Math.ceil(size / to) * to;
  const cells = domain.cpu?.numa?.cells.map((cell) => ({ ...cell, memory: up(cell.memory, boot) })) ?? [];
  const initial = cells.length === 0 ? up(initialMemory(domain), boot) : sum(cells.map((cell) => cell.memory));
  const memories = domain.devices.memories.map((memory) => alignModule(memory, domain));
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
