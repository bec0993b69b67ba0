import { parseUuid } from "@polyvisor/sdk/conf/common";
import { bhyveError } from "../errors.js";
import type { Draft } from "./draft.js";
import { parseMemory } from "./memory.js";
import { readOptions } from "./options.js";
import { readSlot } from "./slots.js";

const VALUED = "clsmUpg";

/** Reads the command that is the guest. */
export function readBhyve(draft: Draft, args: readonly string[], newMac: () => string): void {
  const { options, name } = readOptions(args, VALUED);
  for (const { letter, value = "" } of options) {
    switch (letter) {
      case "A":
        draft.acpi = true;
        break;
      case "I":
        draft.apic = true;
        break;
      case "S":
        draft.locked = true;
        break;
      case "u":
        draft.utc = true;
        break;
      case "w":
        draft.ignoresMsrs = true;
        break;
      case "c":
        readProcessors(draft, value);
        break;
      case "m":
        takeMemory(draft, value);
        break;
      case "U":
        draft.uuid = readUuid(value);
        break;
      case "l":
        readPort(draft, value);
        break;
      case "s":
        readSlot(draft, value, newMac);
        break;
    }
  }
  takeName(draft, name);
}

/** Both commands of a guest tell its memory. */
export function takeMemory(draft: Draft, text: string): void {
  const memory = parseMemory(text);
  if (draft.memory !== undefined && draft.memory !== memory)
    throw bhyveError("OPERATION_FAILED", "Failed to parse memory: size mismatch", "give loader and guest the same -m");
  draft.memory = memory;
}

/** And both tell its name. */
export function takeName(draft: Draft, name: string): void {
  if (draft.name !== undefined && draft.name !== name) {
    throw bhyveError(
      "OPERATION_FAILED",
      "Failed to parse arguments: VM name mismatch",
      `loader and guest have different names: '${draft.name}' and '${name}'`,
    );
  }
  draft.name = name;
}

/** A number, or `cpus=4,sockets=1,cores=2,threads=2`. */
function readProcessors(draft: Draft, text: string): void {
  const values = new Map<string, number>();
  for (const part of text.split(",")) {
    const [, name = "cpus", digits] = /^(?:(cpus|sockets|cores|threads)=)?\s*\+?(\d{1,6})$/.exec(part) ?? [];
    if (digits === undefined || Number(digits) === 0) {
      throw bhyveError("OPERATION_FAILED", "Failed to parse number of vCPUs", "write -c 2");
    }
    values.set(name, Number(digits));
  }
  const { sockets = 1, cores = 1, threads = 1, cpus = sockets * cores * threads } = Object.fromEntries(values);
  draft.vcpus = cpus;
  if (!["sockets", "cores", "threads"].some((name) => values.has(name))) return;
  draft.cpu = { topology: { sockets, dies: 1, cores, threads }, features: [] };
}

function readUuid(text: string): string {
  const uuid = parseUuid(text);
  if (uuid === undefined) throw bhyveError("INTERNAL_ERROR", `Cannot parse UUID '${text}'`);
  return uuid;
}

const PREFIX = "/dev/nmdm";
const OTHER_END: Readonly<Record<string, string>> = { A: "B", B: "A" };

/** `-l com1,/dev/nmdm0A`; other devices of the LPC bridge are no part of a configuration. */
function readPort(draft: Draft, text: string): void {
  const comma = text.indexOf(",");
  if (comma === -1) throw bhyveError("OPERATION_FAILED", `Failed to parse LPC device '${text}'`);
  const [type, master] = [text.slice(0, comma), text.slice(comma + 1)];
  if (!/^com.$/.test(type)) return;
  const refuse = (why: string) => bhyveError("OPERATION_FAILED", why, "write -l com1,/dev/nmdm0A");
  if (!master.startsWith(PREFIX)) throw refuse(`Failed to set com port ${type}: does not start with '${PREFIX}'.`);
  const other = OTHER_END[master.slice(-1)];
  if (other === undefined) throw refuse(`Failed to set slave for ${master}: last letter not 'A' or 'B'`);
  const port = Number(type.slice(-1)) - 1;
  if (port !== 0 && port !== 1) throw refuse(`Failed to parse ${type}: only com1 and com2 supported.`);
  const source = { type: "nmdm", master, slave: `${master.slice(0, -1)}${other}` } as const;
  draft.serials.push({ kind: "serial", source, target: { port } });
}
