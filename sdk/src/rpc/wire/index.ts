/** What messages are on a connection, for those who serve; a client is in `@polyvisor/sdk/rpc`. */
export * from "../frame.js";
export { holeBody, holeOf } from "../hole.js";
export { Incoming } from "../incoming.js";
export { writeWithDescriptors } from "../send-descriptors.js";
export { PRIORITY_WORDS, type TlsVersions, versionsOf } from "../tls-priority.js";
export { isWayParam, WAY_PARAMS, type WayParam } from "../way-params.js";
