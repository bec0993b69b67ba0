export { StartError } from "@polyvisor/sdk/process";
