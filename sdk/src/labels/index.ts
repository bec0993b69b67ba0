export { type DeviceNode, findDeviceNodes } from "./device-nodes.js";
export { deviceTargets, domainTargets, plainTargets, type TargetView, target } from "./targets.js";
