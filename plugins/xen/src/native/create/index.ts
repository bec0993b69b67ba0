export { toXlCreate } from "./create.js";
export { formatXlDisk } from "./disks.js";
export { formatXlPci } from "./host-devices.js";
export { formatXlNic, type NicUse } from "./nics.js";
