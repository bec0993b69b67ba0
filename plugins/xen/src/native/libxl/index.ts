export type { LibxlFacts } from "./facts.js";
export { parseLibxlJson } from "./from-json.js";
export type { Json, JsonObject } from "./json.js";
export { toLibxlJson } from "./to-json.js";
