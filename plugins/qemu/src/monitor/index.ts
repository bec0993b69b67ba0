export { connectMonitor, connectSocket } from "./connect.js";
export { QMP_LIMITS, QmpClient, type QmpEvent, type QmpLimits } from "./qmp-client.js";
export { monitorError, QmpError, unlessRefused } from "./qmp-error.js";
export { compactJson, membersOf } from "./raw-json.js";
