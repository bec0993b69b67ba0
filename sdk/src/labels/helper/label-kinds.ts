import { chownSync, fstatSync, readFileSync } from "node:fs";
import type { LabelModel } from "../request.js";
import type { OpenedFile } from "./opened.js";
import { getAttribute, isUnsupported, removeAttribute, setAttribute } from "./syscalls.js";

/** How labels of a model are read from files and put on them. */
interface LabelKind {
  /** `undefined` where the file has none. */
  read(file: OpenedFile): string | undefined;
  write(file: OpenedFile, label: string): void;
  /** Whether who has a label can read a file as it is. */
  mayRead(file: OpenedFile, label: string): boolean;
  /** Whether a label that cannot be put on a file, by that error, is no reason not to let the guest try. */
  isNoMatter(code: string): boolean;
  /** What failed, where it does matter. */
  refusal(path: string, label: string): string;
  /** How libvirt says that others use a file with another label. */
  inUse(path: string): string;
}

const CONTEXT = "security.selinux";

function idsOf(label: string): { readonly uid: number; readonly gid: number } {
  const [, uid, gid] = /^\+?(\d+):\+?(\d+)$/.exec(label) ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`'${label}' is no owner`);
  return { uid: Number(uid), gid: Number(gid) };
}

const OWNERS: LabelKind = {
  read({ fd }) {
    const { uid, gid } = fstatSync(fd);
    return `+${uid}:+${gid}`;
  },
  write({ name }, label) {
    const { uid, gid } = idsOf(label);
    chownSync(name, uid, gid);
  },
  mayRead({ fd }, label) {
    const { uid, gid, mode } = fstatSync(fd);
    const wanted = idsOf(label);
    if (uid === wanted.uid) return (mode & 0o400) !== 0;
    return gid === wanted.gid ? (mode & 0o040) !== 0 : (mode & 0o004) !== 0;
  },
  // A file system that has no owners, or will not have them changed.
  isNoMatter: (code) => ["EOPNOTSUPP", "ENOTSUP", "EINVAL", "EPERM", "EROFS"].includes(code),
  refusal: (path, label) => `unable to set user and group to '${label.replaceAll("+", "")}' on '${path}'`,
  inUse: (path) => `Setting different DAC user or group on ${path} which is already in use`,
};

/** Whether a policy is loaded that refuses what it does not allow. */
function isEnforced(): boolean {
  try {
    return readFileSync("/sys/fs/selinux/enforce", "utf8").trim() === "1";
  } catch {
    return false;
  }
}

const CONTEXTS: LabelKind = {
  /** Under SELinux each file has one. Where the kernel runs without, one that was never labelled has the empty one. */
  read({ name }) {
    try {
      return getAttribute(name, CONTEXT)?.replace(/\0$/, "") ?? "";
    } catch (error) {
      if (isUnsupported(error)) return undefined;
      throw error;
    }
  },
  write({ name }, label) {
    if (label === "") removeAttribute(name, CONTEXT);
    else setAttribute(name, CONTEXT, `${label}\0`);
  },
  mayRead: () => false,
  // Network file systems and those of devices: the policy has booleans that let guests use them as they are.
  isNoMatter: (code) =>
    ["EOPNOTSUPP", "ENOTSUP", "EROFS"].includes(code) ||
    !isEnforced() ||
    (code === "EPERM" && process.getuid?.() !== 0),
  refusal: (path, label) => `unable to set security context '${label}' on '${path}'`,
  inUse: (path) => `Setting different SELinux label on ${path} which is already in use`,
};

export const LABEL_KINDS: Readonly<Record<LabelModel, LabelKind>> = { dac: OWNERS, selinux: CONTEXTS };
