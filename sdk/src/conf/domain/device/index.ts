export { findDevice, sameChardev, samePlace } from "./find.js";
export { aliasOf, deviceOfAlias, insertDevice, removeDevice } from "./insert.js";
export { parseDevice, replaceDevice } from "./read.js";
