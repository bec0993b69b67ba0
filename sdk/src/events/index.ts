export { DomainEventHub } from "./domain-hub.js";
export { MonitorEventHub } from "./monitor-hub.js";
export { ObjectEventHub } from "./object-hub.js";
