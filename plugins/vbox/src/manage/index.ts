export { type Complaint, failure, isMissing, VBoxManage } from "./manage.js";
export { type Block, type Listed, parseBlocks, parseMachines, parsePairs } from "./output.js";
