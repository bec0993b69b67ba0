export { CREATE, createSnapshot } from "./create.js";
export { DELETE, deleteSnapshot } from "./delete.js";
export { SnapshotStore } from "./store.js";
