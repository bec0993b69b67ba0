export { toXlCreate } from "./create.js";
export { formatXlDisk } from "./disks.js";
export { formatXlNic, type NicUse } from "./nics.js";
