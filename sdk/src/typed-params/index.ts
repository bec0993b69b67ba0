export { checkParams, numberParam, type ParamTypes, STRING_OKAY } from "./check.js";
