export { DomainEventHub } from "./domain-hub.js";
export { ObjectEventHub } from "./object-hub.js";
