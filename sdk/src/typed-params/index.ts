export { checkParams, numberParam, type ParamTypes, STRING_OKAY } from "./check.js";
export { type NumaChange, numaChange, numaParams, withNumaChange } from "./numa.js";
