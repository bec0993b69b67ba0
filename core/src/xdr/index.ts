export * from "./codec.js";
export { XdrReader } from "./reader.js";
export { XdrError, XdrWriter } from "./writer.js";
