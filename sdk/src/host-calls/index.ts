export { hostHandlers } from "./host-handlers.js";
