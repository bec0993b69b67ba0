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
    closeDescriptor(load([]));
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
  const program = load(rules);
  try {
    const attributes = new Attributes().u32(0, folder).u32(4, program).u32(8, ATTACH_CGROUP_DEVICE);
    bpf(PROG_ATTACH, attributes);
  } finally {
    closeDescriptor(program);
  }
}

function load(rules: readonly DeviceRule[]): number {
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

  pointer(offset: number, to: Buffer): this {
    this.#kept.push(to);
    this.#view.setBigUint64(offset, addressOf(to), LITTLE);
    return this;
  }
}
