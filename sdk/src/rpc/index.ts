export { type CallSettings, RpcClient } from "./client.js";
export type { ProgramId } from "./client-body.js";
export type { MessageSpec } from "./client-messages.js";
export { stubsOf } from "./client-stubs.js";
export type { TlsCredentials } from "./client-tls.js";
export { connectTo, type Way } from "./client-ways.js";
export * from "./frame.js";
export { holeBody, holeOf } from "./hole.js";
export { type DaemonMode, daemonSockets, isOfUser, type Surroundings } from "./sockets.js";
