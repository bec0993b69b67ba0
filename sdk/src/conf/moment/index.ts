export { findDisk, isEmptySource, sourcePath } from "./disks.js";
export type { Moment, MomentParseOptions } from "./model.js";
export { checkParents, type MomentPlace } from "./parents.js";
export { MomentTree } from "./tree.js";
