export { type Leaving, leavable } from "./leavable.js";
