export { deflattenJson } from "./deflatten.js";
export { formatJson } from "./format.js";
export { parseJson } from "./parse.js";
export { isJsonList, isJsonObject, type JsonNumber, type JsonObject, type JsonValue } from "./value.js";
