export * from "./domain/model/index.js";
