import { endianness } from "node:os";
import type { DeviceAccess, DeviceRule } from "./device-rules.js";

/** One instruction of the kernel's virtual machine. */
interface Instruction {
  readonly code: number;
  readonly to?: number;
  readonly from?: number;
  readonly jump?: number;
  readonly value?: number;
}

/** Instruction codes of linux/bpf.h: class, operation and source in one byte. */
const LOAD_WORD = 0x61;
const MOVE = 0xbf;
const MOVE_VALUE = 0xb7;
const AND_VALUE = 0x57;
const SHIFT_RIGHT = 0x77;
const JUMP_UNLESS_EQUAL = 0x55;
const EXIT = 0x95;

/** `BPF_DEVCG_DEV_*` and `BPF_DEVCG_ACC_*`. */
const TYPES = { block: 1, char: 2 } as const;
const ACCESS: Readonly<Record<DeviceAccess, number>> = { m: 1, r: 2, rm: 3, rw: 6, rwm: 7 };
const ANY_ACCESS = 7;

/** Registers: the answer, what is asked, and what is compared with the rules. */
const ANSWER = 0;
const QUESTION = 1;
const TYPE = 2;
const WANTED = 3;
const MAJOR = 4;
const MINOR = 5;

/**
 * A program of type BPF_PROG_TYPE_CGROUP_DEVICE: asked with type, numbers and access of a device, it answers 1 where a rule
 * allows all of it. In the byte order of this host.
 */
export function deviceProgram(rules: readonly DeviceRule[]): Buffer {
  return encode([
    { code: LOAD_WORD, to: WANTED, from: QUESTION },
    { code: LOAD_WORD, to: MAJOR, from: QUESTION, jump: 4 },
    { code: LOAD_WORD, to: MINOR, from: QUESTION, jump: 8 },
    { code: MOVE, to: TYPE, from: WANTED },
    { code: AND_VALUE, to: TYPE, value: 0xffff },
    { code: SHIFT_RIGHT, to: WANTED, value: 16 },
    ...rules.flatMap(testsOf),
    { code: MOVE_VALUE, to: ANSWER, value: 0 },
    { code: EXIT },
  ]);
}

/** What does not fit goes on behind the answer. */
function testsOf({ type, major, minor, access }: DeviceRule): Instruction[] {
  const steps: Instruction[] = [unlessEqual(TYPE, TYPES[type])];
  const denied = ANY_ACCESS & ~ACCESS[access];
  if (denied !== 0) {
    steps.push({ code: MOVE, to: QUESTION, from: WANTED }, { code: AND_VALUE, to: QUESTION, value: denied });
    steps.push(unlessEqual(QUESTION, 0));
  }
  if (major !== undefined) steps.push(unlessEqual(MAJOR, major));
  if (minor !== undefined) steps.push(unlessEqual(MINOR, minor));
  steps.push({ code: MOVE_VALUE, to: ANSWER, value: 1 }, { code: EXIT });
  return steps.map((step, at) => (step.code === JUMP_UNLESS_EQUAL ? { ...step, jump: steps.length - at - 1 } : step));
}

function unlessEqual(register: number, value: number): Instruction {
  return { code: JUMP_UNLESS_EQUAL, to: register, value };
}

function encode(instructions: readonly Instruction[]): Buffer {
  const little = endianness() === "LE";
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [at, { code, to = 0, from = 0, jump = 0, value = 0 }] of instructions.entries()) {
    bytes.writeUInt8(code, at * 8);
    bytes.writeUInt8(little ? (from << 4) | to : (to << 4) | from, at * 8 + 1);
    if (little) {
      bytes.writeInt16LE(jump, at * 8 + 2);
      bytes.writeInt32LE(value, at * 8 + 4);
    } else {
      bytes.writeInt16BE(jump, at * 8 + 2);
      bytes.writeInt32BE(value, at * 8 + 4);
    }
  }
  return bytes;
}
