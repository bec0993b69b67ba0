import {
  AFFECT,
  type Domain,
  type DomainConfigHandlers,
  type DomainTuningHandlers,
  MEMORY_FLAG,
  type TypedParam,
  VCPU_FLAG,
} from "@polyvisor/core";
import { targetsOf } from "@polyvisor/sdk/lifecycle";
import { STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { checkFlags, hypervError } from "../errors.js";
import { invalidState, type Machines } from "../machine/machines.js";
import { ENABLED } from "../machine/states.js";
import { quoted, select } from "../wmi/wql.js";
import { maxVcpus } from "./host.js";

const MEMORY = "Msvm_MemorySettingData";
const PROCESSOR = "Msvm_ProcessorSettingData";
const SETTINGS = "Msvm_VirtualSystemSettingData";
/** `AutomaticStartupAction` */
const START_NEVER = 2;
const START_ALWAYS = 4;

const WHERE = AFFECT.LIVE | AFFECT.CONFIG;

type Handlers = DomainConfigHandlers & DomainTuningHandlers;

/** Memory, processors, and whether a machine starts with its host. */
export function settingHandlers(machines: Machines): Handlers {
  return { ...memoryHandlers(machines), ...vcpuHandlers(machines), ...otherHandlers(machines) };
}

/** A machine has one set of settings, whether it runs or not: a change is for both. Refuses what is for a run that is not. */
async function checkWhere(machines: Machines, dom: Domain, flags: number): Promise<void> {
  const { isActive } = await machines.look(dom);
  targetsOf({ isActive, persistent: true }, flags & WHERE);
}

/** One part of a machine's settings. */
async function part(machines: Machines, dom: Domain, className: string) {
  return machines.part(await machines.settings(dom), className);
}

/** In KiB; the server counts in MiB and wants even numbers. */
export async function setMemory(
  machines: Machines,
  dom: Domain,
  kibibytes: bigint | number,
  property: "Limit" | "VirtualQuantity",
): Promise<void> {
  const mebibytes = Math.ceil(Math.ceil(Number(kibibytes) / 1024) / 2) * 2;
  const memory = await part(machines, dom, MEMORY);
  const most = memory.number("Limit");
  if (property === "VirtualQuantity" && mebibytes > most) {
    const detail = `cannot set memory higher than max memory: ${kibibytes} KiB > ${most * 1024} KiB`;
    throw hypervError("INVALID_ARG", detail, "raise the maximum first: <maxMemory>, virsh setmaxmem");
  }
  await machines.modify(memory, { [property]: mebibytes });
}

export async function setVcpus(machines: Machines, dom: Domain, count: number): Promise<void> {
  await machines.modify(await part(machines, dom, PROCESSOR), { VirtualQuantity: count });
}

function memoryHandlers(machines: Machines): Handlers {
  return {
    async domainGetInfo({ dom }) {
      const [machine, settings] = await Promise.all([machines.look(dom), machines.settings(dom)]);
      const [memory, processor] = await Promise.all([
        machines.part(settings, MEMORY),
        machines.part(settings, PROCESSOR),
      ]);
      return {
        state: machine.state,
        maxMem: memory.number("Limit") * 1024,
        memory: memory.number("VirtualQuantity") * 1024,
        nrVirtCpu: processor.number("VirtualQuantity"),
        cpuTime: 0n,
      };
    },
    domainGetMaxMemory: async ({ dom }) => BigInt((await part(machines, dom, MEMORY)).number("Limit")) * 1024n,
    domainSetMaxMemory: ({ dom, memory }) => setMemory(machines, dom, memory, "Limit"),
    domainSetMemory: ({ dom, memory }) => setMemory(machines, dom, memory, "VirtualQuantity"),
    async domainSetMemoryFlags({ dom, memory, flags }) {
      checkFlags(flags, WHERE | MEMORY_FLAG.MAXIMUM, "hypervDomainSetMemoryFlags");
      await checkWhere(machines, dom, flags);
      await setMemory(machines, dom, memory, (flags & MEMORY_FLAG.MAXIMUM) !== 0 ? "Limit" : "VirtualQuantity");
    },
  };
}

function vcpuHandlers(machines: Machines): Handlers {
  return {
    domainSetVcpus: ({ dom, nvcpus }) => setVcpus(machines, dom, nvcpus),
    async domainSetVcpusFlags({ dom, nvcpus, flags }) {
      checkFlags(flags, WHERE, "hypervDomainSetVcpusFlags");
      await checkWhere(machines, dom, flags);
      await setVcpus(machines, dom, nvcpus);
    },
    async domainGetVcpusFlags({ dom, flags }) {
      checkFlags(flags, WHERE | VCPU_FLAG.MAXIMUM, "hypervDomainGetVcpusFlags");
      const machine = await machines.look(dom);
      if ((flags & AFFECT.LIVE) !== 0 && machine.enabledState !== ENABLED.ON) {
        throw invalidState("Domain is not active");
      }
      if ((flags & VCPU_FLAG.MAXIMUM) !== 0) return maxVcpus(machines.wmi);
      return (await part(machines, dom, PROCESSOR)).number("VirtualQuantity");
    },
    async domainGetMaxVcpus({ dom }) {
      await machines.look(dom);
      return maxVcpus(machines.wmi);
    },
    domainGetVcpus: ({ dom, maxinfo, maplen }) => processorStats(machines, dom, maxinfo, maplen),
  };
}

const STATS = "Win32_PerfRawData_HvStats_HyperVHypervisorVirtualProcessor";
const VCPU = { OFFLINE: 0, RUNNING: 1 } as const;
/** In the place of a host CPU: none, and one that is not told. */
const CPU = { OFFLINE: -1, UNAVAILABLE: -2 } as const;
/** The counters count in units of 100 ns. */
const NANOSECONDS = 100n;

/** What the counters of a machine's processors say; every one may run on all of the host's. */
async function processorStats(machines: Machines, dom: Domain, maxinfo: number, maplen: number) {
  const [settings, counters] = await Promise.all([
    machines.settings(dom),
    machines.wmi.query(STATS, select(STATS, `Name LIKE ${quoted(`${dom.name}:Hv VP %`)}`)),
  ]);
  const count = (await machines.part(settings, PROCESSOR)).number("VirtualQuantity");
  const info = Array.from({ length: Math.min(count, maxinfo) }, (_, number) => {
    const found = counters.find((each) => each.text("Name") === `${dom.name}:Hv VP ${number}`);
    if (found === undefined) return { number, state: VCPU.OFFLINE, cpuTime: 0n, cpu: CPU.OFFLINE };
    const time = BigInt(found.number("PercentTotalRunTime", 0));
    return { number, state: VCPU.RUNNING, cpuTime: time * NANOSECONDS, cpu: CPU.UNAVAILABLE };
  });
  return { info, cpumaps: Buffer.alloc(info.length * maplen, 0xff) };
}

function otherHandlers(machines: Machines): Handlers {
  async function scheduler(dom: Domain): Promise<TypedParam[]> {
    const processor = await part(machines, dom, PROCESSOR);
    return [
      { field: "limit", type: "llong", value: processor.number("Limit") },
      { field: "reservation", type: "llong", value: processor.number("Reservation") },
      { field: "weight", type: "uint", value: processor.number("Weight") },
    ];
  }
  return {
    async domainGetSchedulerType({ dom }) {
      await machines.look(dom);
      return { type: "allocation", nparams: 3 };
    },
    domainGetSchedulerParameters: ({ dom }) => scheduler(dom),
    domainGetSchedulerParametersFlags({ dom, flags }) {
      checkFlags(flags & ~STRING_OKAY, WHERE, "hypervDomainGetSchedulerParametersFlags");
      return scheduler(dom);
    },
    domainGetAutostart: async ({ dom }) =>
      (await machines.settings(dom)).number("AutomaticStartupAction", START_NEVER) === START_ALWAYS,
    async domainSetAutostart({ dom, autostart }) {
      const AutomaticStartupAction = autostart ? START_ALWAYS : START_NEVER;
      await machines.modify(await machines.settings(dom), { AutomaticStartupAction });
    },
  };
}

/** The UUIDs of the machines that start with the host; snapshots have settings, too, of other kinds. */
export async function autostarted({ wmi }: Machines): Promise<ReadonlySet<string>> {
  const where = `AutomaticStartupAction = ${START_ALWAYS} AND VirtualSystemType = 'Microsoft:Hyper-V:System:Realized'`;
  const found = await wmi.query(SETTINGS, select(SETTINGS, where));
  return new Set(found.map((each) => each.text("VirtualSystemIdentifier")?.toLowerCase() ?? ""));
}
