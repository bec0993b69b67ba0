export { readHostUuid } from "./host-uuid.js";
export { type NodeInfo, readNodeInfo, shapeOf } from "./node-info.js";
export { freeMemory, type HostCell, type HostCpu, readTopology, totalMemory } from "./topology.js";
