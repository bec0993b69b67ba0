export { daemonVersion, describePlugins, type RunningDaemon, startDaemon } from "./daemon.js";
export {
  createIsolation,
  ISOLATION_DEFAULTS,
  type IsolationOptions,
  type IsolationSettings,
  PLUGIN_EXIT,
} from "./isolation/index.js";
export type { ListenAt } from "./listen/door.js";
export { type CallFigures, type CallMeter, DURATION_BOUNDS, Meter } from "./rpc/meter.js";
export { SessionServer } from "./rpc/server.js";
export type { LiveSettings, ServerSettings } from "./rpc/server-settings.js";
export { type ServeOptions, serve } from "./serve.js";
export type { Options } from "./startup/options.js";
export { StartError } from "./startup/start-error.js";
