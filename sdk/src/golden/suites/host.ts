import {
  configReader,
  cpuSignature,
  formatCapabilities,
  formatConfigFile,
  type HostNode,
  nodeInfo,
  parseConfigFile,
  parseCpuTimes,
  readHostFacts,
} from "../../conf/index.js";
import type { GoldenCase, GoldenFiles, GoldenRun, GoldenSuites } from "../case.js";
import { expectMode, expectUnwrapped } from "../compare.js";

function text(row: GoldenCase, name: string): string {
  const value = row[name];
  if (typeof value !== "string") throw new Error(`the row has no ${name}`);
  return value;
}

/** `ullong string '123', string 'foo', uint 12345`: the type that each setting has, its name when that is not a type, its value. */
function checkValues(content: string, checks: string): void {
  const values = configReader(parseConfigFile(content));
  for (const check of checks.split(", ")) {
    const match = /^(\w+)(?: (\w+))? (?:'(.*)'|(\d+))$/.exec(check);
    if (match === null) throw new Error(`cannot tell what '${check}' asks for`);
    const [, name = "", type = name, quoted, number] = match;
    const found = type === "string" ? values.string(name) : values.unsigned(name);
    const expected = type === "string" ? quoted : Number(number);
    if (found !== expected)
      throw new Error(`${name} is ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
  }
}

const configFile: GoldenRun = async (row, files) => {
  if (row.input === null) {
    checkValues(text(row, "inlineInput"), text(row, "checks"));
    return;
  }
  const written = await expectMode(row, () => formatConfigFile(parseConfigFile(files.text(row.input))));
  if (written !== undefined) expectUnwrapped(files, row.expected, written);
};

/** POWER's KVM splits cores into parts of eight threads. */
const SUBCORE_THREADS = 8;

function describeNode(row: GoldenCase, files: GoldenFiles): string {
  const arch = text(row, "arch");
  const facts = readHostFacts({
    arch,
    cpuinfo: files.path(row.input),
    system: files.path(text(row, "sysfsPrefix")),
    proc: files.path("none"),
    sys: files.path("none"),
  });
  const info = nodeInfo(facts, arch.startsWith("ppc64") ? SUBCORE_THREADS : 0);
  const most = info.nodes * info.sockets * info.cores * info.threads;
  return (
    `CPUs: ${info.cpus}/${most}, MHz: ${info.mhz}, Nodes: ${info.nodes}, Sockets: ${info.sockets}, ` +
    `Cores: ${info.cores}, Threads: ${info.threads}\n`
  );
}

const TICK = 10_000_000n;

function describeTimes(stat: string, cpus: number): string {
  const all = (["all", ...Array.from({ length: cpus }, (_, cpu) => cpu)] as const).map((cpu) => {
    const { kernel, user, idle, iowait } = parseCpuTimes(stat, cpu);
    const name = cpu === "all" ? "cpu" : `cpu${cpu}`;
    return `${name}:\nkernel: ${kernel / TICK}\nuser: ${user / TICK}\nidle: ${idle / TICK}\niowait: ${iowait / TICK}\n\n`;
  });
  return all.join("");
}

const hostCpu: GoldenRun = async (row, files) => {
  if (row.case.endsWith("CPU signature")) {
    const signature = cpuSignature(files.text(row.input), text(row, "arch"));
    if (row.expected !== null) expectUnwrapped(files, row.expected, signature ?? "");
    else if (signature !== undefined) throw new Error(`no signature was expected, but got ${signature}`);
    return;
  }
  const { ncpus } = row;
  const printed = await expectMode(row, () =>
    typeof ncpus === "number" ? describeTimes(files.text(row.input), ncpus) : describeNode(row, files),
  );
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

const GIB = 1024 * 1024;
const PAGE_SIZES = [4, 2048, 1048576];

/** The data tells neither memory nor distances: the expected output has made-up memory that grows with the node's number. */
function withFakeMemory(node: HostNode): HostNode {
  const pages = PAGE_SIZES.map((size, at) => ({ size, count: 2048 * (node.id + 1 + at) }));
  return { ...node, memory: GIB * (node.id + 1), pages, distances: [] };
}

const capabilities: GoldenRun = async (row, files) => {
  const arch = text(row, "arch");
  const root = files.path(row.input).replace(/\/system$/, "");
  const printed = await expectMode(row, () => {
    const facts = readHostFacts({
      arch,
      system: `${root}/system`,
      resctrl: `${root}/resctrl`,
      proc: `${root}/none`,
      sys: `${root}/none`,
    });
    return formatCapabilities({
      host: {
        arch,
        pageSizes: [],
        powerManagement: [],
        iommu: false,
        migration: row.offlineMigrate === true ? { live: row.liveMigrate === true, uriTransports: [] } : undefined,
        topology: facts.nodes.map(withFakeMemory),
        interconnects: facts.interconnects,
        caches: facts.caches,
        resctrl: facts.resctrl,
        securityModels: [],
      },
      guests: [],
    });
  });
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

export const hostSuites: GoldenSuites = {
  virconf: () => configFile,
  virhostcpu: () => hostCpu,
  capabilities: () => capabilities,
};
