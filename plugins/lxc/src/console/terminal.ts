import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { ioctl } from "@polyvisor/sdk/process";

/** A pseudo-terminal of the host's. */
export interface Terminal {
  readonly master: FileHandle;
  readonly slave: FileHandle;
  /** The slave: `/dev/pts/3`. */
  readonly path: string;
}

const TIOCGPTN = 0x80045430;
const TIOCSPTLCK = 0x40045431;
const TCGETS = 0x5401;
const TCSETS = 0x5402;
/** `struct termios` of the kernel: four words of flags, the line discipline, the control characters. */
const TERMIOS_BYTES = 60;
const FLAGS = { input: 0, output: 4, control: 8, local: 12 } as const;
/** What `cfmakeraw` takes away, and the size of a character. */
const COOKED_INPUT = 0o2753;
const OPOST = 1;
const COOKED_LOCAL = 0o100113;
const CSIZE_PARENB = 0o460;
const CS8 = 0o60;

/** Neither end becomes anybody's controlling terminal, nor is inherited. */
export async function openTerminal({
  raw,
  owner,
}: {
  readonly raw: boolean;
  readonly owner?: number;
}): Promise<Terminal> {
  const master = await open("/dev/ptmx", constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  try {
    ioctl(master.fd, TIOCSPTLCK, Buffer.alloc(4));
    const number = Buffer.alloc(4);
    ioctl(master.fd, TIOCGPTN, number);
    const path = `/dev/pts/${new Uint32Array(new Uint8Array(number).buffer)[0]}`;
    const slave = await open(path, constants.O_RDWR | constants.O_NOCTTY);
    if (raw) makeRaw(slave.fd);
    if (owner !== undefined) await slave.chown(owner, 0);
    return { master, slave, path };
  } catch (error) {
    await master.close();
    throw error;
  }
}

/** Nothing is changed, echoed or taken for a signal on the way. */
function makeRaw(slave: number): void {
  const bytes = new Uint8Array(TERMIOS_BYTES);
  const termios = Buffer.from(bytes.buffer);
  ioctl(slave, TCGETS, termios);
  const words = new Uint32Array(bytes.buffer, 0, 4);
  const change = (offset: number, clear: number, set = 0) => {
    words[offset / 4] = ((words[offset / 4] ?? 0) & ~clear) | set;
  };
  change(FLAGS.input, COOKED_INPUT);
  change(FLAGS.output, OPOST);
  change(FLAGS.local, COOKED_LOCAL);
  change(FLAGS.control, CSIZE_PARENB, CS8);
  ioctl(slave, TCSETS, termios);
}

/** Closing a terminal waits for nothing. */
export function closeTerminal({ master, slave }: Terminal): void {
  void master.close();
  void slave.close();
}
