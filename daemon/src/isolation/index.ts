export { PLUGIN_EXIT } from "./exit-codes.js";
export { createIsolation, type IsolationOptions } from "./isolation.js";
export { ISOLATION_DEFAULTS, type IsolationSettings } from "./settings.js";
