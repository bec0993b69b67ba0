export { OBJECT_KITS } from "./objects/index.js";
export * from "./services/index.js";
