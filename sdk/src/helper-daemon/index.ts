export { type HelperAddress, HelperDoor, type HelperStart } from "./door.js";
export type { HelperClient, HelperHandlers } from "./handlers.js";
export type { HelperPlaces } from "./options.js";
export { type HelperDaemon, type HelperSurroundings, type RunningService, runHelperDaemon } from "./run.js";
export { HelperServer, type HelperService, type SavedServer } from "./server.js";
