export { bootTime } from "./boot-time.js";
export { type DeviceNode, findDeviceNodes } from "./device-nodes.js";
export type { LabelItem, LabelModel } from "./request.js";
export { target } from "./target.js";
export { deviceTargets, domainTargets, plainTargets, type TargetView } from "./targets.js";
export { type LabelLimits, LabelTransactions, type LabelTransactionsOptions } from "./transactions.js";
