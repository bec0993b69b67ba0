import { chownSync, fstatSync } from "node:fs";
import type { LabelModel } from "../request.js";
import type { OpenedFile } from "./opened.js";
import { getAttribute, setAttribute } from "./syscalls.js";

/** How labels of a model are read from files and put on them. */
interface LabelKind {
  /** `undefined` where the file has none. */
  read(file: OpenedFile): string | undefined;
  write(file: OpenedFile, label: string): void;
  /** Whether who has a label can read a file as it is. */
  mayRead(file: OpenedFile, label: string): boolean;
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
  inUse: (path) => `Setting different DAC user or group on ${path} which is already in use`,
};

const CONTEXTS: LabelKind = {
  read: ({ name }) => getAttribute(name, CONTEXT)?.replace(/\0$/, ""),
  write: ({ name }, label) => setAttribute(name, CONTEXT, `${label}\0`),
  mayRead: () => false,
  inUse: (path) => `Setting different SELinux label on ${path} which is already in use`,
};

export const LABEL_KINDS: Readonly<Record<LabelModel, LabelKind>> = { dac: OWNERS, selinux: CONTEXTS };
