export * from "./conf/index.js";
