export type { Guest, GuestBackend, GuestEnd, StartOptions } from "./backend.js";
export { type DriverParts, GuestDriver } from "./driver.js";
export { type Keeper, type KeptDefinition, type KeptGuest, MemoryKeeper } from "./keeper.js";
export { type ProcessGuest, ProcessGuests } from "./processes.js";
