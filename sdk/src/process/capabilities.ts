import { readFileSync } from "node:fs";

/** Numbers of linux/capability.h. */
const NUMBERS = { CHOWN: 0, SETGID: 6, SETUID: 7, SETPCAP: 8, SYS_PTRACE: 19, SYS_ADMIN: 21, MKNOD: 27 } as const;

export type Capability = keyof typeof NUMBERS;

/** Those of the wanted capabilities that this process does not have, which root may lack in a container. Reads procfs only. */
export function lackedCapabilities(...wanted: readonly Capability[]): Capability[] {
  const [, digits = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  const effective = BigInt(`0x${digits}`);
  return wanted.filter((each) => ((effective >> BigInt(NUMBERS[each])) & 1n) === 0n);
}
