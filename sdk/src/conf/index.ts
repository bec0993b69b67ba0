export * from "./domain/index.js";
export { formatNumberSet, parseNumberSet } from "./number-set.js";
