export { daemonVersion, describePlugins, type RunningDaemon, startDaemon } from "./daemon.js";
export type { ListenAt } from "./listen/door.js";
export { type ServerSettings, SessionServer } from "./rpc/server.js";
export type { Options } from "./startup/options.js";
export { StartError } from "./startup/start-error.js";
