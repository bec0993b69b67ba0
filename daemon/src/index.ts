export { daemonVersion, describePlugins, type RunningDaemon, startDaemon } from "./daemon.js";
export type { Policy, PolicyRequest } from "./rpc/policy.js";
export { type ListenAt, type ServerSettings, SessionServer } from "./rpc/server.js";
export type { Options } from "./startup/options.js";
export { StartError } from "./startup/start-error.js";
