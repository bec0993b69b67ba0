import { refuse } from "./errors.js";

export type XlDiskFormat = "raw" | "qcow" | "qcow2" | "vhd" | "qed" | "empty";
export type XlDiskBackend = "phy" | "tap" | "qdisk" | "standalone";

/** A disk as xl reads it. */
export interface XlDiskSpec {
  readonly target?: string | undefined;
  readonly vdev: string;
  readonly format: XlDiskFormat;
  readonly backend?: XlDiskBackend | undefined;
  readonly backendDomain?: string | undefined;
  readonly discard?: boolean | undefined;
  readonly isCdrom: boolean;
  readonly isWritable: boolean;
  readonly isRemovable: boolean;
}

interface Parsed {
  target?: string;
  vdev?: string;
  format?: XlDiskFormat;
  backend?: XlDiskBackend;
  backendDomain?: string;
  discard?: boolean;
  isCdrom?: boolean;
  isWritable: boolean;
  /** An old prefix such as `file:` came before the target, which fixes the format. */
  isOld?: boolean;
  isAccessSet?: boolean;
}

/**
 * Reads xl's disk syntax (xl-disk-configuration(5)): parts with commas between them, each of them `NAME=VALUE`, a flag, or the next
 * of target, format, vdev and access that is still open. `target=` takes the whole rest. Throws `CONF_SYNTAX` in xl's words.
 */
export function parseXlDiskSpec(spec: string): XlDiskSpec {
  const disk: Parsed = { isWritable: true };
  let rest = spec.trimStart();
  while (rest !== "") {
    const length = takePart(disk, rest, spec);
    rest = rest.slice(length).replace(/^[ \t\n]+/, "");
  }
  return complete(disk, spec);
}

function fail(spec: string, message: string, near?: string): never {
  const place = near === undefined ? "" : `: near \`${near}'`;
  const words = `config parsing error in disk specification: ${message}${place} in \`${spec}'`;
  refuse("CONF_SYNTAX", words, "See xl-disk-configuration(5).", "XENXL");
}

const TARGET = /^target=(.*)$/s;
const NAMED = /^([a-z][-a-z0-9]*)=([^,]*),?/;
const FLAG = /^(cdrom|direct-io-safe|discard|no-discard|colo|no-colo|trusted|untrusted)(?:,|$)/;
const OLD_FORMAT = /^(raw|qcow2?|vhd):/;
const OLD_PREFIX = /^(?:tapdisk|tap2?|aio|ioemu|file|phy|iscsi|e?nbd|drbd):/;
const UNKNOWN_PREFIX = /^[a-z][a-z0-9]*:(?![a-z0-9])/;
const POSITIONAL = /^([^=,]*),|^([^=,]+)$/;

/** Takes the first part and returns how long it is. */
function takePart(disk: Parsed, rest: string, spec: string): number {
  const target = TARGET.exec(rest)?.[1];
  if (target !== undefined) {
    setTarget(disk, target.replace(/,$/, ""), spec);
    return rest.length;
  }
  const named = NAMED.exec(rest);
  if (named !== null) {
    takeNamed(disk, named[1] ?? "", named[2] ?? "", spec);
    return named[0].length;
  }
  const flag = FLAG.exec(rest);
  if (flag !== null) {
    takeFlag(disk, flag[1] ?? "");
    return flag[0].length;
  }
  const oldFormat = OLD_FORMAT.exec(rest);
  if (oldFormat !== null) {
    disk.isOld = true;
    setFormat(disk, oldFormat[1] ?? "", spec);
    return oldFormat[0].length;
  }
  const old = OLD_PREFIX.exec(rest);
  if (old !== null) {
    disk.isOld = true;
    return old[0].length;
  }
  if (UNKNOWN_PREFIX.test(rest)) fail(spec, "unknown deprecated disk prefix", rest);
  const positional = POSITIONAL.exec(rest);
  if (positional === null) return fail(spec, "bad disk syntax", rest);
  takePositional(disk, positional[1] ?? positional[2] ?? "", spec);
  return positional[0].length;
}

type Take = (disk: Parsed, value: string, spec: string) => void;

/** Nothing that a configuration of ours has. */
const skip: Take = () => undefined;

const TAKERS: ReadonlyMap<string, Take> = new Map([
  ["format", setFormat],
  ["vdev", setVdev],
  ["access", setAccess],
  ["devtype", setDevice],
  ["backendtype", setBackend],
  ["backend", (disk, value) => (disk.backendDomain = value)],
  ...["script", "specification", "grant_usage"].map((name) => [name, skip] as const),
  ...["colo-host", "colo-port", "colo-export", "active-disk", "hidden-disk"].map((name) => [name, skip] as const),
]);

function takeNamed(disk: Parsed, name: string, value: string, spec: string): void {
  const take = TAKERS.get(name) ?? fail(spec, "unknown parameter", `${name}=${value}`);
  take(disk, value, spec);
}

function setDevice(disk: Parsed, value: string, spec: string): void {
  if (value !== "cdrom" && value !== "disk") fail(spec, "unknown value for type", `devtype=${value}`);
  disk.isCdrom = value === "cdrom";
}

function takeFlag(disk: Parsed, name: string): void {
  if (name === "cdrom") disk.isCdrom = true;
  else if (name === "discard" || name === "no-discard") disk.discard = name === "discard";
}

function takePositional(disk: Parsed, value: string, spec: string): void {
  if (disk.target === undefined) disk.target = value;
  else if (disk.isOld !== true && disk.format === undefined) {
    // a drive without medium may leave the format out and say what it is behind its name
    if (disk.target === "" && takeOldDevice(disk, value, spec)) disk.format = "empty";
    else setFormat(disk, value, spec);
  } else if (disk.vdev === undefined) {
    if (!takeOldDevice(disk, value, spec)) setVdev(disk, value, spec);
  } else if (disk.isAccessSet !== true) {
    disk.isAccessSet = true;
    setAccess(disk, value, spec);
  } else fail(spec, "too many positional parameters", value);
}

/** `hdc:cdrom`; false, and nothing taken, when it is not like that. */
function takeOldDevice(disk: Parsed, value: string, spec: string): boolean {
  const colon = value.lastIndexOf(":");
  if (colon < 0) return false;
  const type = value.slice(colon + 1);
  if (type !== "cdrom" && type !== "disk") fail(spec, "unknown deprecated type", type);
  setVdev(disk, value.slice(0, colon), spec);
  disk.isCdrom = type === "cdrom";
  return true;
}

function setTarget(disk: Parsed, target: string, spec: string): void {
  if (disk.target) fail(spec, "target respecified", target);
  disk.target = target;
}

function setVdev(disk: Parsed, vdev: string, spec: string): void {
  if (disk.vdev) fail(spec, "vdev respecified", vdev);
  disk.vdev = vdev;
}

const FORMATS: readonly XlDiskFormat[] = ["raw", "qcow", "qcow2", "vhd", "empty", "qed"];

function setFormat(disk: Parsed, written: string, spec: string): void {
  const known = written === "" ? "raw" : FORMATS.find((each) => each === written);
  const format = known ?? fail(spec, "unknown value for format", written);
  if (disk.format !== undefined && disk.format !== format) fail(spec, "format respecified", written);
  disk.format = format;
}

const BACKENDS: readonly XlDiskBackend[] = ["phy", "tap", "qdisk", "standalone"];

function setBackend(disk: Parsed, written: string, spec: string): void {
  const known = BACKENDS.find((each) => each === written);
  const backend = known ?? fail(spec, "unknown value for backendtype", written);
  if (disk.backend !== undefined && disk.backend !== backend) fail(spec, "backend respecified", written);
  disk.backend = backend;
}

function setAccess(disk: Parsed, written: string, spec: string): void {
  const isReadOnly = written === "r" || written === "ro";
  if (!isReadOnly && !["rw", "w", ""].includes(written)) fail(spec, "unknown value for access", written);
  disk.isWritable = !isReadOnly;
}

function complete(disk: Parsed, spec: string): XlDiskSpec {
  const { target, vdev, backend, backendDomain, discard, isCdrom = false } = disk;
  if (vdev === undefined) return fail(spec, "no vdev specified");
  if (target === undefined && !isCdrom) fail(spec, "no target specified (and device not removable)");
  return {
    target: target || undefined,
    vdev,
    format: isCdrom && !target ? "empty" : (disk.format ?? "raw"),
    backend,
    backendDomain,
    discard,
    isCdrom,
    isWritable: disk.isWritable && !isCdrom,
    isRemovable: isCdrom,
  };
}
