export { freeMemory } from "./free-memory.js";
export { readHostUuid } from "./host-uuid.js";
