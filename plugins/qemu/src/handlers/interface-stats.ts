import { readFile } from "node:fs/promises";
import type { TypedParam } from "@polyvisor/core";
import type { StatsSource } from "./stats.js";

/** Our name of each counter, and the kernel's name of it as seen from the host, where in and out are swapped. */
const COUNTERS: readonly (readonly [name: string, kernel: string])[] = [
  ["rx.bytes", "tx_bytes"],
  ["rx.pkts", "tx_packets"],
  ["rx.errs", "tx_errors"],
  ["rx.drop", "tx_dropped"],
  ["tx.bytes", "rx_bytes"],
  ["tx.pkts", "rx_packets"],
  ["tx.errs", "rx_errors"],
  ["tx.drop", "rx_dropped"],
];

/** What went through each card that has a device on the host. */
export async function interfaceStats({ config, guest }: StatsSource): Promise<TypedParam[]> {
  if (guest === undefined) return [];
  const { interfaces } = config.devices;
  const params: TypedParam[] = [{ field: "net.count", type: "uint", value: interfaces.length }];
  for (const [index, { target }] of interfaces.entries()) {
    if (target?.dev === undefined) continue;
    params.push({ field: `net.${index}.name`, type: "string", value: target.dev });
    for (const [name, kernel] of COUNTERS) {
      const value = await readCounter(target.dev, kernel);
      if (value !== undefined) params.push({ field: `net.${index}.${name}`, type: "ullong", value });
    }
  }
  return params;
}

async function readCounter(dev: string, name: string): Promise<bigint | undefined> {
  const text = await readFile(`/sys/class/net/${dev}/statistics/${name}`, "utf8").catch(() => "");
  return /^\d+$/.test(text.trim()) ? BigInt(text.trim()) : undefined;
}
