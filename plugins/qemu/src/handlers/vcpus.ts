import { AFFECT, type Domain, type DomainConfigHandlers, VCPU_FLAG } from "@polyvisor/core";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf";
import { targetOf, targetsOf } from "@polyvisor/sdk/lifecycle";
import { readAffinity, readProcessStat } from "@polyvisor/sdk/process";
import { checkFlags, qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { threadsOf } from "../start/monitor-setup.js";
import { plugVcpus } from "./vcpu-hotplug.js";

const RUNNING = 1;
const GET_FLAGS = AFFECT.LIVE | AFFECT.CONFIG | VCPU_FLAG.MAXIMUM | VCPU_FLAG.GUEST;
const SET_FLAGS = GET_FLAGS | VCPU_FLAG.HOTPLUGGABLE;

/** Virtual CPUs: how many there are, and what each does. */
export function vcpuHandlers(hypervisor: Hypervisor): DomainConfigHandlers {
  return {
    domainGetMaxVcpus: ({ dom }) => hypervisor.domains.find(dom).active().config.vcpu.max,
    domainSetVcpus: ({ dom, nvcpus }) => setVcpus(hypervisor, dom, nvcpus, AFFECT.LIVE),
    domainSetVcpusFlags: ({ dom, nvcpus, flags }) => setVcpus(hypervisor, dom, nvcpus, flags),
    async domainGetVcpusFlags({ dom, flags }) {
      checkFlags(flags, GET_FLAGS, "qemuDomainGetVcpusFlags");
      const domain = hypervisor.domains.find(dom);
      const target = targetOf(domain, flags);
      checkAgent(flags);
      const config = target === "live" ? domain.active().config : await hypervisor.definitions.load(domain.name);
      return (flags & VCPU_FLAG.MAXIMUM) !== 0 ? config.vcpu.max : config.vcpu.current;
    },
    domainGetVcpus({ dom, maxinfo, maplen }) {
      const { guest } = hypervisor.domains.find(dom);
      if (guest === undefined) {
        throw qemuError("OPERATION_INVALID", "cannot retrieve vcpu information for inactive domain");
      }
      return vcpuInfo(guest, maxinfo, maplen);
    },
  };
}

function vcpuInfo(guest: Guest, maxinfo: number, maplen: number) {
  const pid = guest.process?.pid ?? 0;
  const threads = [...guest.vcpuThreads].slice(0, Math.max(0, maxinfo));
  const info = threads.map(([number, thread]) => {
    const stat = readProcessStat(pid, thread);
    const cpuTime = stat === undefined ? 0 : stat.userTime + stat.systemTime;
    return { number, state: RUNNING, cpuTime, cpu: stat?.processor ?? -1 };
  });
  const cpumaps = Buffer.alloc(threads.length * maplen);
  for (const [index, [, thread]] of threads.entries()) {
    for (const cpu of readAffinity(pid, thread)) {
      const byte = cpu >> 3;
      if (byte < maplen) cpumaps[index * maplen + byte] = (cpumaps[index * maplen + byte] ?? 0) | (1 << (cpu & 7));
    }
  }
  return { info, cpumaps };
}

function checkAgent(flags: number): void {
  if ((flags & VCPU_FLAG.GUEST) === 0) return;
  throw qemuError("ARGUMENT_UNSUPPORTED", "QEMU guest agent is not configured");
}

async function setVcpus(hypervisor: Hypervisor, dom: Domain, count: number, flags: number): Promise<void> {
  checkFlags(flags, SET_FLAGS, "qemuDomainSetVcpusFlags");
  const domain = hypervisor.domains.find(dom);
  await domain.jobs.run({ kind: "modify", api: "domainSetVcpusFlags" }, async () => {
    const targets = targetsOf(domain, flags);
    checkAgent(flags);
    const guest = targets.includes("live") ? domain.active() : undefined;
    const definition = targets.includes("config") ? await hypervisor.definitions.load(domain.name) : undefined;
    if ((flags & VCPU_FLAG.MAXIMUM) !== 0) {
      if (guest !== undefined) {
        const detail = "maximum vcpu count of a live domain can't be modified";
        throw qemuError("OPERATION_UNSUPPORTED", detail);
      }
      if (definition !== undefined) await hypervisor.definitions.save(withMaxVcpus(definition, count));
      return;
    }
    checkCount(count, guest?.config, "live");
    checkCount(count, definition, "persistent");
    if (guest !== undefined) {
      await plugVcpus(guest, count);
      guest.config = withVcpus(guest.config, count);
      guest.vcpuThreads = await threadsOf(guest);
      await hypervisor.confinement.arrange(guest, new Map());
      hypervisor.statusWriter(domain, guest).saveSoon();
    }
    if (definition !== undefined) await hypervisor.definitions.save(withVcpus(definition, count));
  });
}

function checkCount(count: number, config: DomainConfig | undefined, which: "live" | "persistent"): void {
  if (config === undefined || count <= config.vcpu.max) return;
  const words = `requested vcpus is greater than max allowable vcpus for the ${which} domain: ${count} > ${config.vcpu.max}`;
  throw qemuError("INVALID_ARG", words);
}

/** The first CPUs stay: where they are listed one by one, enough of them are switched on or off from the end. */
function withVcpus(config: DomainConfig, current: number): DomainConfig {
  const individual = config.vcpu.individual?.map((vcpu, index) => ({
    id: vcpu.id,
    enabled: index < current ? ("yes" as const) : ("no" as const),
    hotpluggable: index < current ? vcpu.hotpluggable : ("yes" as const),
  }));
  return { ...config, vcpu: { ...config.vcpu, current, ...(individual === undefined ? {} : { individual }) } };
}

function withMaxVcpus(config: DomainConfig, max: number): DomainConfig {
  const { topology } = config.cpu ?? {};
  const inTopology =
    topology === undefined ? max : topology.sockets * (topology.dies ?? 1) * topology.cores * topology.threads;
  if (inTopology !== max) throw qemuError("INVALID_ARG", "CPU topology doesn't match the desired vcpu count");
  const { individual: _, ...vcpu } = config.vcpu;
  return { ...config, vcpu: { ...vcpu, max, current: Math.min(vcpu.current, max) } };
}
