export { DomainEventHub } from "./hub.js";
