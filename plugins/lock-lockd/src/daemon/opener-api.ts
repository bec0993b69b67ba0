import { call, defineApi, type Program, xdr } from "@polyvisor/core";

const { string, u32 } = xdr;
const path = string(65536);
const INTERNAL = { acl: ["none"] } as const;

/** What happens to a file when its lock is given up: it stays, it goes, or it goes where nobody else has a lock of it. */
export const AFTERWARDS = { STAYS: 0, GOES: 1, GOES_IF_UNUSED: 2 } as const;

/** Calls of an opener: it does what a hanging file system would make wait, so it may hang itself. */
export const openerApi = defineApi({
  /** Opens a file and locks a byte of it. `name` is what errors call it. */
  take: call(1, { path, name: path, byte: u32, shared: u32, create: u32 }, {}, { ...INTERNAL, descriptors: "given" }),
  /** Gives up what `take` gave. */
  free: call(2, { path, byte: u32, afterwards: u32 }, {}, { ...INTERNAL, descriptors: "taken" }),
  createFile: call(3, { path }, {}, INTERNAL),
  removeFile: call(4, { path }, {}, INTERNAL),
  /** Makes a folder and those above it, where it is not there. */
  makeFolder: call(5, { path }, {}, INTERNAL),
  /** Answers once the opener runs. */
  hello: call(6, {}, {}, INTERNAL),
});

/** Spoken with the daemon's own processes alone. */
export const openerProgram = {
  name: "opener",
  number: 0x706f6c01,
  version: 1,
  calls: openerApi,
} as const satisfies Program;
