import fs = require("node:fs");
import os = require("node:os");
import path = require("node:path");

type Libc = ReturnType<typeof import("./libc.cjs").loadLibc>;

/** What the process was before Node began. */
interface Origin {
  /** The names of its open descriptors in procfs, apart by blanks. */
  readonly descriptors: string;
  /** Its line of /proc/PID/stat. */
  readonly stat: string;
  /** The soft limit of open files: a number, or `unlimited`. */
  readonly openFiles: string;
}

const F_SETFD = 2;
const FD_CLOEXEC = 1;
const SIG_DFL = 0;
const SIG_IGN = 1;
const SIG_SETMASK = 2;
const SIGSET_BYTES = 128;
const RLIMIT_NOFILE = 7;
const ENOENT = 2;

/** Signals 1 to 31: what /proc/PID/stat tells. SIGKILL and SIGSTOP cannot be changed. */
const SIGNALS = Array.from({ length: 31 }, (_, index) => index + 1).filter((each) => each !== 9 && each !== 19);

/**
 * Turns this process into the program that its own command line ends with, from the word `at` on. Returns the system's
 * number of what went wrong where that cannot be. `kept` are descriptors that the program inherits besides its own.
 */
function become(libc: Libc, origin: Origin, at: number, kept: readonly number[]): number {
  const argv = stringsOf("/proc/self/cmdline").slice(at);
  const [file] = argv;
  if (file === undefined) return ENOENT;
  keepDescriptors(libc, [...descriptorsIn(origin.descriptors), ...kept]);
  restoreSignals(libc, origin.stat);
  restoreOpenFiles(libc, origin.openFiles);
  const words = pointers(libc, argv);
  const env = pointers(libc, stringsOf("/proc/self/environ"));
  libc.execvpe(file, words, env);
  return libc.errno();
}

/** Byte by byte what the kernel has: words and variables need not be UTF-8, and keep their order. */
function stringsOf(file: string): Buffer[] {
  const bytes = fs.readFileSync(file);
  const strings: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0, start);
    const stop = end < 0 ? bytes.length : end;
    // Memory of its own, which does not move.
    const text = Buffer.allocUnsafeSlow(stop - start + 1);
    bytes.copy(text, 0, start, stop);
    text[stop - start] = 0;
    strings.push(text);
    start = stop + 1;
  }
  return strings;
}

function pointers(libc: Libc, strings: readonly Buffer[]): Buffer {
  const { wordBytes } = libc;
  const array = Buffer.alloc((strings.length + 1) * wordBytes);
  for (const [index, text] of strings.entries()) {
    const address = libc.address(text);
    const place = index * wordBytes;
    if (wordBytes === 4) array.writeUInt32LE(Number(address), place);
    else if (os.endianness() === "LE") array.writeBigUInt64LE(address, place);
    else array.writeBigUInt64BE(address, place);
  }
  return array;
}

/** All but these are closed when the program begins, whoever opened them: Node, V8, its threads. */
function keepDescriptors(libc: Libc, kept: readonly number[]): void {
  const inherited = new Set(kept);
  for (const name of fs.readdirSync("/proc/self/fd")) {
    const fd = Number(name);
    libc.fcntl(fd, F_SETFD, inherited.has(fd) ? 0 : FD_CLOEXEC);
  }
}

/** Node lets all signals have their default but for two that it ignores, and blocks some: both are inherited. */
function restoreSignals(libc: Libc, stat: string): void {
  // After the name in parentheses come the third field and those that follow; 32 and 33 are masks of signals.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [blocked = 0, ignored = 0] = [fields[29], fields[30]].map(Number);
  for (const signal of SIGNALS) libc.signal(signal, has(ignored, signal) ? SIG_IGN : SIG_DFL);
  const set = Buffer.alloc(SIGSET_BYTES);
  if (os.endianness() === "LE") set.writeUInt32LE(blocked);
  else set.writeUInt32BE(blocked, libc.wordBytes - 4);
  libc.sigprocmask(SIG_SETMASK, set, null);
}

function has(mask: number, signal: number): boolean {
  return ((mask >>> (signal - 1)) & 1) === 1;
}

/** Node raises the soft limit to the hard one. */
function restoreOpenFiles(libc: Libc, soft: string): void {
  if (soft === "unlimited") return;
  const { wordBytes } = libc;
  const limits = Buffer.alloc(2 * wordBytes);
  if (libc.getrlimit(RLIMIT_NOFILE, limits) !== 0) return;
  if (wordBytes === 4) limits.writeUInt32LE(Number(soft));
  else if (os.endianness() === "LE") limits.writeBigUInt64LE(BigInt(soft));
  else limits.writeBigUInt64BE(BigInt(soft));
  libc.setrlimit(RLIMIT_NOFILE, limits);
}

function descriptorsIn(names: string): number[] {
  return names
    .split(" ")
    .filter(Boolean)
    .map((name) => Number(path.basename(name)));
}

export = { become };
