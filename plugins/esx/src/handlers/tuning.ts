import { AFFECT, checkFlags, type HypervisorHandlers, type TypedParam, VCPU_FLAG } from "@polyvisor/core";
import { checkParams, numberParam, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import { group, text } from "../soap/message.js";
import type { Value } from "../soap/reply.js";
import { expectPower } from "./power.js";

const MIN_GUARANTEE = "min_guarantee";
const LEVELS: Readonly<Record<string, number>> = { low: -1, normal: -2, high: -3 };
/** The server's unit of memory is 4 MiB, here in KiB. */
const MEMORY_STEP = 4096;

/** CPUs, memory and their shares: all are parts of a machine's configuration. */
export function tuningHandlers(server: Server): HypervisorHandlers {
  return { ...memoryHandlers(server), ...vcpuHandlers(server), ...schedulerHandlers(server) };
}

function memoryHandlers({ machines }: Server): HypervisorHandlers {
  const setMemory = ({ uuid }: { readonly uuid: string }, memory: bigint | number) => {
    const spec = group("memoryAllocation", text("limit", Math.ceil(Number(memory) / 1024)));
    return machines.reconfigure(uuid, spec, `Could not set memory to ${memory} kilobytes`);
  };
  return {
    domainGetMaxMemory: async ({ dom }) => (await machines.figures(dom.uuid)).memoryMib * 1024,
    async domainSetMaxMemory({ dom, memory }) {
      expectPower((await machines.find(dom.uuid)).power, "poweredOff");
      const spec = text("memoryMB", Math.ceil(Number(memory) / MEMORY_STEP) * (MEMORY_STEP / 1024));
      await machines.reconfigure(dom.uuid, spec, `Could not set max-memory to ${memory} kilobytes`);
    },
    domainSetMemory: ({ dom, memory }) => setMemory(dom, memory),
    domainSetMemoryFlags({ dom, memory, flags }) {
      checkFlags(flags, 0, "esxDomainSetMemoryFlags", "ESX");
      return setMemory(dom, memory);
    },
    async domainGetMemoryParameters({ dom, flags }) {
      checkFlags(flags & ~STRING_OKAY, 0, "esxDomainGetMemoryParameters", "ESX");
      const path = "config.memoryAllocation.reservation";
      const found = await machines.properties(dom.uuid, [path]);
      return [{ field: MIN_GUARANTEE, type: "ullong", value: found.requiredNumber(path) * 1024 }];
    },
    async domainSetMemoryParameters({ dom, params, flags }) {
      checkFlags(flags, 0, "esxDomainSetMemoryParameters", "ESX");
      checkParams(params, { [MIN_GUARANTEE]: "ullong" });
      const reservation = numberParam(params, MIN_GUARANTEE);
      const mib = reservation === undefined ? undefined : Math.ceil(reservation / 1024);
      const spec = group("memoryAllocation", text("reservation", mib));
      await machines.reconfigure(dom.uuid, spec, "Could not change memory parameters");
    },
  };
}

function vcpuHandlers({ machines, facts }: Server): HypervisorHandlers {
  const most = async (): Promise<number> => (await facts.lasting()).number("capability.maxSupportedVcpus") ?? -1;

  async function setVcpus(uuid: string, count: number): Promise<void> {
    if (count < 1) {
      throw esxError("INVALID_ARG", "Requested number of virtual CPUs must at least be 1", "a machine has a CPU");
    }
    const max = await most();
    if (count > max) {
      const detail = `Requested number of virtual CPUs is greater than max allowable number of virtual CPUs for the domain: ${count} > ${max}`;
      throw esxError("INVALID_ARG", detail, "the host takes no more");
    }
    await machines.reconfigure(uuid, text("numCPUs", count), `Could not set number of virtual CPUs to ${count}`);
  }

  return {
    async domainGetMaxVcpus({ dom }) {
      await machines.look(dom.uuid);
      return most();
    },
    async domainGetVcpusFlags({ dom, flags }) {
      checkFlags(flags, AFFECT.LIVE | VCPU_FLAG.MAXIMUM, "esxDomainGetVcpusFlags", "ESX");
      // libvirt's driver answers with the host's maximum in any case
      if ((flags & VCPU_FLAG.MAXIMUM) === 0) return (await machines.figures(dom.uuid)).cpus;
      await machines.look(dom.uuid);
      return most();
    },
    domainSetVcpus: ({ dom, nvcpus }) => setVcpus(dom.uuid, nvcpus),
    domainSetVcpusFlags({ dom, nvcpus, flags }) {
      checkFlags(flags, AFFECT.LIVE, "esxDomainSetVcpusFlags", "ESX");
      return setVcpus(dom.uuid, nvcpus);
    },
  };
}

const ALLOCATION = ["config.cpuAllocation.reservation", "config.cpuAllocation.limit", "config.cpuAllocation.shares"];

function schedulerHandlers({ machines }: Server): HypervisorHandlers {
  async function get(uuid: string): Promise<TypedParam[]> {
    const found = await machines.properties(uuid, ALLOCATION);
    const params: TypedParam[] = [];
    // a server leaves out what nobody has set
    for (const field of ["reservation", "limit"]) {
      const value = found.number(`config.cpuAllocation.${field}`);
      if (value !== undefined) params.push({ field, type: "llong", value });
    }
    const shares = found.get("config.cpuAllocation.shares");
    return shares === undefined ? params : [...params, { field: "shares", type: "int", value: sharesOf(shares) }];
  }

  async function set(uuid: string, params: readonly TypedParam[]): Promise<void> {
    checkParams(params, { reservation: "llong", limit: "llong", shares: "int" });
    const spec = group("cpuAllocation", allocationSpec(params));
    await machines.reconfigure(uuid, spec, "Could not change scheduler parameters");
  }

  return {
    async domainGetSchedulerType({ dom }) {
      await machines.look(dom.uuid);
      return { type: "allocation", nparams: 3 };
    },
    domainGetSchedulerParameters: ({ dom }) => get(dom.uuid),
    domainGetSchedulerParametersFlags({ dom, flags }) {
      checkFlags(flags & ~STRING_OKAY, 0, "esxDomainGetSchedulerParametersFlags", "ESX");
      return get(dom.uuid);
    },
    domainSetSchedulerParameters: ({ dom, params }) => set(dom.uuid, params),
    domainSetSchedulerParametersFlags({ dom, params, flags }) {
      checkFlags(flags, 0, "esxDomainSetSchedulerParametersFlags", "ESX");
      return set(dom.uuid, params);
    },
  };
}

function sharesOf(shares: Value): number {
  const level = shares.textAt("level") ?? "";
  if (level === "custom") return shares.numberAt("shares") ?? 0;
  const number = LEVELS[level];
  if (number !== undefined) return number;
  throw esxError("INTERNAL_ERROR", `Shares level has unknown value ${level}`);
}

function allocationSpec(params: readonly TypedParam[]): string {
  const reservation = numberParam(params, "reservation");
  if (reservation !== undefined && reservation < 0) {
    const detail = `Could not set reservation to ${reservation} MHz, expecting positive value`;
    throw esxError("INVALID_ARG", detail, "0 reserves nothing");
  }
  const limit = numberParam(params, "limit");
  if (limit !== undefined && limit < -1) {
    const detail = `Could not set limit to ${limit} MHz, expecting positive value or -1 (unlimited)`;
    throw esxError("INVALID_ARG", detail, "-1 is no limit");
  }
  const shares = numberParam(params, "shares");
  return text("reservation", reservation) + text("limit", limit) + (shares === undefined ? "" : sharesSpec(shares));
}

function sharesSpec(shares: number): string {
  const level = shares >= 0 ? "custom" : Object.entries(LEVELS).find(([, number]) => number === shares)?.[0];
  if (level === undefined) {
    const detail = `Could not set shares to ${shares}, expecting positive value or -1 (low), -2 (normal) or -3 (high)`;
    throw esxError("INVALID_ARG", detail, "choose one of these");
  }
  return group("shares", text("shares", Math.max(-1, shares)) + text("level", level));
}
