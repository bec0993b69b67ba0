export { Cgroup, groupName, removeEmpty } from "./cgroup.js";
export { canFilterDevices } from "./device-filter.js";
export { deviceProgram } from "./device-program.js";
export { type DeviceAccess, type DeviceRule, deviceNumbers, legacyRule } from "./device-rules.js";
export { DEFAULT_PARTITION, machineName, partitionPath } from "./group-names.js";
export {
  type CgroupVersion,
  chooseHierarchies,
  findHierarchies,
  type Hierarchies,
  type Hierarchy,
  type UnifiedFacts,
} from "./hierarchies.js";
export { type DeviceNeed, findNode, findNodes, type HostNode, rulesFor } from "./host-nodes.js";
export { type CgroupMounts, CONTROLLERS, type Controller, parseCgroupMounts, SYSTEMD } from "./mounts.js";
