import { endianness } from "node:os";
import { addressOf, closeDescriptor, NativeError, systemCall } from "../process/index.js";
import { EAGAIN } from "../process/libc.js";
import { deviceProgram } from "./device-program.js";
import type { DeviceRule } from "./device-rules.js";

/** The number of `bpf` where it is not what newer architectures have in common. */
const BPF_CALL: Readonly<Record<string, number>> = { x64: 321, arm: 386, ppc64: 361, s390x: 351, ia32: 357 };
const COMMON_BPF_CALL = 280;

const PROG_LOAD = 5;
const PROG_ATTACH = 8;
const PROG_DETACH = 9;
const PROG_GET_FD_BY_ID = 13;
const PROG_QUERY = 16;
/** Flags of `attachProgram`. */
export const ALLOW_MULTI = 2;
const REPLACE = 4;
/** As many as the kernel lets a group have. */
const PROGRAMS_MAX = 64;
const EPERM = 1;
const PROG_TYPE_CGROUP_DEVICE = 15;
const ATTACH_CGROUP_DEVICE = 6;
const LITTLE = endianness() === "LE";
/** Far more than the kernel has ever wanted of the libraries that load programs. */
const ATTEMPTS = 100;
/** Enough of `union bpf_attr` for both commands. */
const ATTRIBUTES = 72;
/** The kernel demands one from programs that use its licensed helpers; ours uses none. */
const LICENSE = Buffer.from("Apache-2.0\0");

/** Whether the kernel would take a program that decides on devices from this process. Leaves nothing. */
export function canFilterDevices(): boolean {
  try {
    closeDescriptor(loadProgram([]));
    return true;
  } catch (error) {
    if (error instanceof NativeError) return false;
    throw error;
  }
}

/**
 * Lets a group of version 2 use nothing but these devices. What was decided before is replaced at once: there is no moment
 * without a rule. `folder` is an open descriptor of the group's folder.
 */
export function filterDevices(folder: number, rules: readonly DeviceRule[]): void {
  const program = loadProgram(rules);
  try {
    attachProgram(folder, program);
  } catch (error) {
    if (!(error instanceof NativeError && error.errno === EPERM)) throw error;
    replacePrograms(folder, program);
  } finally {
    closeDescriptor(program);
  }
}

/** Attaches a program to a group: alone, among several, or in the place of one of several. */
export function attachProgram(folder: number, program: number, flags = 0, replaced = 0): void {
  const attributes = new Attributes().u32(0, folder).u32(4, program).u32(8, ATTACH_CGROUP_DEVICE);
  bpf(PROG_ATTACH, attributes.u32(12, flags).u32(16, replaced));
}

/** Container engines attach programs of which there may be several: the first is replaced, the others are taken away. */
function replacePrograms(folder: number, program: number): void {
  const programs = attachedPrograms(folder).map((id) => bpf(PROG_GET_FD_BY_ID, new Attributes().u32(0, id)));
  try {
    const [first, ...others] = programs;
    if (first === undefined) throw new NativeError("bpf", EPERM);
    attachProgram(folder, program, ALLOW_MULTI | REPLACE, first);
    for (const each of others)
      bpf(PROG_DETACH, new Attributes().u32(0, folder).u32(4, each).u32(8, ATTACH_CGROUP_DEVICE));
  } finally {
    for (const each of programs) closeDescriptor(each);
  }
}

/** The numbers of the programs that decide on the devices of a group. */
export function attachedPrograms(folder: number): number[] {
  const ids = new Uint32Array(PROGRAMS_MAX);
  const query = new Attributes()
    .u32(0, folder)
    .u32(4, ATTACH_CGROUP_DEVICE)
    .pointer(16, Buffer.from(ids.buffer))
    .u32(24, PROGRAMS_MAX);
  bpf(PROG_QUERY, query);
  return [...ids.slice(0, query.readU32(24))];
}

/** A descriptor of the program. */
export function loadProgram(rules: readonly DeviceRule[]): number {
  const program = deviceProgram(rules);
  const attributes = new Attributes()
    .u32(0, PROG_TYPE_CGROUP_DEVICE)
    .u32(4, program.length / 8)
    .pointer(8, program)
    .pointer(16, LICENSE);
  return bpf(PROG_LOAD, attributes);
}

/** A signal that comes meanwhile, such as a timer's, makes the kernel give up looking through a program: it is asked again. */
function bpf(command: number, { bytes }: Attributes): number {
  for (let attempt = 1; ; attempt++) {
    try {
      return systemCall("bpf", BPF_CALL[process.arch] ?? COMMON_BPF_CALL, command, bytes, bytes.length);
    } catch (error) {
      if (!(error instanceof NativeError && error.errno === EAGAIN) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** `union bpf_attr` under construction, in the byte order of this host. */
class Attributes {
  readonly bytes = Buffer.alloc(ATTRIBUTES);
  readonly #view = new DataView(this.bytes.buffer, this.bytes.byteOffset, ATTRIBUTES);
  /** Memory that the kernel reads during the call. */
  readonly #kept: Buffer[] = [];

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, LITTLE);
    return this;
  }

  readU32(offset: number): number {
    return this.#view.getUint32(offset, LITTLE);
  }

  pointer(offset: number, to: Buffer): this {
    this.#kept.push(to);
    this.#view.setBigUint64(offset, addressOf(to), LITTLE);
    return this;
  }
}
