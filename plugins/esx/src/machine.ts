import { type Domain, DomainRef } from "@polyvisor/core";
import { parseUuid } from "@polyvisor/sdk/conf/common";
import { esxError } from "./soap/error.js";
import type { Ref } from "./soap/message.js";
import type { ObjectContent } from "./soap/reply.js";
import { unescapePercent } from "./vmx/escape.js";

const ZERO_UUID = "00000000-0000-0000-0000-000000000000";

export type PowerState = "poweredOn" | "poweredOff" | "suspended";

/** A machine as it was when it was read. */
export interface Machine {
  readonly ref: Ref;
  readonly dom: Domain;
  /** The server's number of it, which is its id while it is on. */
  readonly number: number;
  readonly power: PowerState;
}

/** What a machine is made of. */
export interface Figures extends Machine {
  readonly memoryMib: number;
  readonly cpus: number;
  /** In MiB; -1 for none. */
  readonly memoryLimit: number;
}

export const MACHINE_PATHS = ["name", "configStatus", "config.uuid", "runtime.powerState"];
export const FIGURE_PATHS = [
  ...MACHINE_PATHS,
  "config.hardware.memoryMB",
  "config.hardware.numCPU",
  "config.memoryAllocation.limit",
];

/** Throws `INTERNAL_ERROR` in libvirt's words for what no machine can be. */
export function readMachine(object: ObjectContent): Machine {
  const { ref } = object;
  if (ref.type !== "VirtualMachine") {
    throw esxError("INTERNAL_ERROR", "ObjectContent does not reference a virtual machine");
  }
  const number = machineNumber(ref);
  const power = powerState(object);
  const name = unescapePercent(object.required("name").text);
  if (name === undefined) throw esxError("INTERNAL_ERROR", "Domain name contains invalid escape sequence");
  const id = power === "poweredOff" ? -1 : number;
  return {
    ref,
    dom: new DomainRef(name, uuidOf(object), id),
    number,
    power,
  };
}

export function readFigures(object: ObjectContent): Figures {
  return {
    ...readMachine(object),
    memoryMib: object.number("config.hardware.memoryMB") ?? 0,
    cpus: object.number("config.hardware.numCPU") ?? 0,
    memoryLimit: object.number("config.memoryAllocation.limit") ?? -1,
  };
}

function machineNumber({ value }: Ref): number {
  const written = /^\s*(?:vm-)?(\d+)$/.exec(value)?.[1];
  const number = Number(written ?? 0);
  if (number > 0 && number <= 0x7fffffff) return number;
  throw esxError("INTERNAL_ERROR", `Could not parse positive integer from '${value}'`);
}

export function powerState(object: ObjectContent): PowerState {
  const { text: state } = object.required("runtime.powerState");
  if (state === "poweredOn" || state === "poweredOff" || state === "suspended") return state;
  throw esxError("INTERNAL_ERROR", `Unknown value '${state}' for VirtualMachinePowerState`);
}

/** A machine whose configuration is broken has none that could be read. */
function uuidOf(object: ObjectContent): string {
  if ((object.text("configStatus") ?? "green") !== "green") return ZERO_UUID;
  const written = object.text("config.uuid");
  if (written === undefined) throw esxError("INTERNAL_ERROR", "Could not get UUID of virtual machine");
  const uuid = parseUuid(written);
  if (uuid !== undefined) return uuid;
  throw esxError("INTERNAL_ERROR", `Could not parse UUID from string '${written}'`);
}
