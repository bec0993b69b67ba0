export { type CallSettings, RpcClient } from "./client.js";
export type { ProgramId } from "./client-body.js";
export type { MessageSpec } from "./client-messages.js";
export { stubsOf } from "./client-stubs.js";
export * from "./frame.js";
