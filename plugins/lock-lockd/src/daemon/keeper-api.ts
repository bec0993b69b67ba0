import { call, defineApi, type Program, xdr } from "@polyvisor/core";

const { array, string, struct } = xdr;
const key = string(131072);
const record = string(1048576);
const INTERNAL = { acl: ["none"] } as const;

/** Calls of a keeper: it has a copy of every open file whose lock the daemon holds, so that the daemon may die. */
export const keeperApi = defineApi({
  /** Takes the copy of an open file, and what the daemon wants to know of it when it asks again. */
  keep: call(1, { key, record }, {}, { ...INTERNAL, descriptors: "taken" }),
  /** Changes what is known under a key, or adds it: there need not be a file. */
  note: call(2, { key, record }, {}, INTERNAL),
  /** Closes the file and forgets the key. */
  drop: call(3, { key }, {}, INTERNAL),
  list: call(4, {}, { entries: array(struct({ key, record }), 65536) }, { ...INTERNAL, shape: { returns: "entries" } }),
  /** Another copy of a file. */
  give: call(5, { key }, {}, { ...INTERNAL, descriptors: "given" }),
});

/** Spoken with the daemon's own processes alone. A keeper may be of another version of this package than the daemon. */
export const keeperProgram = {
  name: "keeper",
  number: 0x706f6c02,
  version: 1,
  calls: keeperApi,
} as const satisfies Program;
