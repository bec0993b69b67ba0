export { type LazyHandlers, lazyHandlers } from "./lazy-handlers.js";
