export type { Guest, GuestBackend, GuestEnd, StartOptions } from "./backend.js";
export { change } from "./changes.js";
export { GuestDomain } from "./domain.js";
export { type DriverParts, GuestDriver } from "./driver.js";
export { GuestHypervisor } from "./hypervisor.js";
export { type Keeper, type KeptDefinition, type KeptGuest, MemoryKeeper } from "./keeper.js";
export { type ProcessGuest, ProcessGuests } from "./processes.js";
