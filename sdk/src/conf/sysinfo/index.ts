export { parseArmCpuinfo, parsePpcCpuinfo, parseS390 } from "./cpuinfo.js";
export { DMIDECODE_ARGS, parseDmidecode } from "./dmidecode.js";
export { formatSysinfo } from "./format.js";
export { hostSysinfoSource, readSysinfo, type SysinfoSource } from "./read.js";
