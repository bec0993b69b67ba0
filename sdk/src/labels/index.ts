export { type DeviceNode, findDeviceNodes } from "./device-nodes.js";
export { target } from "./target.js";
export { deviceTargets, domainTargets, plainTargets, type TargetView } from "./targets.js";
