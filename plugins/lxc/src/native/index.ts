export { domainFromLxcConf } from "./from-native.js";
