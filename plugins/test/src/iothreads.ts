import { AFFECT, type DomainTuningHandlers, type TypedParam, VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf";
import { cpusIn, markCpus } from "@polyvisor/sdk/cpu-maps";
import { checkParams } from "@polyvisor/sdk/typed-params";
import { configFor, editOne } from "./edit.js";
import { checkFlags, testError } from "./errors.js";
import type { Polling } from "./guest.js";
import type { TestHypervisor } from "./hypervisor.js";
import { emptyPin, NO_CPUTUNE } from "./pinning.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;
const POLLING = { poll_max_ns: "ullong", poll_grow: "uint", poll_shrink: "uint" } as const;
export const DEFAULT_POLLING: Polling = { maxNs: 32768n, grow: 0, shrink: 0 };

/** The threads that do a domain's I/O. */
export function iothreadHandlers(hypervisor: TestHypervisor): DomainTuningHandlers {
  return {
    domainGetIOThreadInfo({ dom, flags }) {
      checkFlags(flags, AFFECTED, "testDomainGetIOThreadInfo");
      const config = configFor(hypervisor, dom, flags);
      return config.iothreads.map(({ id }) => ({ iothreadId: id, cpumap: mapOf(config, id) }));
    },

    domainAddIOThread({ dom, iothreadId, flags }) {
      checkFlags(flags, AFFECTED, "testDomainAddIOThread");
      checkId(iothreadId);
      editOne(hypervisor, dom, flags, (config) => {
        if (config.iothreads.some(({ id }) => id === iothreadId)) {
          throw refuse(`an IOThread is already using iothread_id '${iothreadId}'`);
        }
        return { ...config, iothreads: [...config.iothreads, { id: iothreadId }] };
      });
      hypervisor.domains.find(dom).guest.polling.set(iothreadId, DEFAULT_POLLING);
    },

    domainDelIOThread({ dom, iothreadId, flags }) {
      checkFlags(flags, AFFECTED, "testDomainDelIOThread");
      checkId(iothreadId);
      editOne(hypervisor, dom, flags, (config) => without(config, iothreadId));
      hypervisor.domains.find(dom).guest.polling.delete(iothreadId);
    },

    domainPinIOThread({ dom, iothreadsId, cpumap, flags }) {
      checkFlags(flags, AFFECTED, "testDomainPinIOThread");
      const cpuset = cpusIn(cpumap);
      editOne(hypervisor, dom, flags, (config) => {
        if (cpuset.length === 0) throw emptyPin("Empty iothread cpumap list for pinning");
        if (!config.iothreads.some(({ id }) => id === iothreadsId)) {
          throw testError(
            "INVALID_ARG",
            `iothreadid ${iothreadsId | 0} not found`,
            "`iothreadinfo` shows what is there",
          );
        }
        const cputune = config.cputune ?? NO_CPUTUNE;
        const others = cputune.iothreadpin.filter(({ iothread }) => iothread !== iothreadsId);
        const iothreadpin = [...others, { iothread: iothreadsId, cpuset }];
        const iothreads = config.iothreads.map((each) =>
          each.id === iothreadsId ? { ...each, autofill: false } : each,
        );
        return { ...config, iothreads, cputune: { ...cputune, iothreadpin } };
      });
    },

    domainSetIOThreadParams({ dom, iothreadId, params, flags }) {
      checkFlags(flags, AFFECT.LIVE, "testDomainSetIOThreadParams");
      checkId(iothreadId);
      const { iothreads } = configFor(hypervisor, dom, flags);
      if (!iothreads.some(({ id }) => id === iothreadId)) {
        const detail = `cannot find IOThread '${iothreadId}' in iothreadids`;
        throw testError("INVALID_ARG", detail, "`iothreadinfo` shows what is there");
      }
      checkParams(params, POLLING);
      const { polling } = hypervisor.domains.find(dom).guest;
      polling.set(iothreadId, withParams(polling.get(iothreadId) ?? DEFAULT_POLLING, params));
    },
  };
}

function checkId(id: number): void {
  if (id === 0) throw testError("INVALID_ARG", "invalid value of 0 for iothread_id", "they count from 1");
}

/** Without a pin it may run where the domain may, else there are as many places as the domain has CPUs. */
function mapOf({ cputune, vcpu }: Config, id: number): Uint8Array {
  const pin = cputune?.iothreadpin.find(({ iothread }) => iothread === id)?.cpuset ?? vcpu.cpuset;
  const cpus = pin ?? Array.from({ length: vcpu.current }, (_, cpu) => cpu);
  const map = new Uint8Array(((cpus.at(-1) ?? 0) >> 3) + 1);
  markCpus(map, cpus);
  return map;
}

function without(config: Config, iothreadId: number): Config {
  const { iothreads, devices, cputune } = config;
  if (!iothreads.some(({ id }) => id === iothreadId)) {
    throw refuse(`cannot find IOThread '${iothreadId}' in iothreadids list`);
  }
  const disk = devices.disks.find(({ driver }) => driver?.iothread === iothreadId);
  if (disk !== undefined) {
    throw refuse(`cannot remove IOThread ${iothreadId} since it is being used by disk '${disk.target.dev}'`);
  }
  if (devices.controllers.some(({ driver }) => driver?.iothread === iothreadId)) {
    throw refuse(`cannot remove IOThread '${iothreadId}' since it is being used by controller`);
  }
  const iothreadpin = cputune?.iothreadpin.filter(({ iothread }) => iothread !== iothreadId) ?? [];
  return {
    ...config,
    iothreads: iothreads.filter(({ id }) => id !== iothreadId),
    cputune: cputune === undefined ? undefined : { ...cputune, iothreadpin },
  };
}

function withParams(before: Polling, params: readonly TypedParam[]): Polling {
  const given = (name: keyof typeof POLLING) => params.find(({ field }) => field === name)?.value;
  return {
    maxNs: BigInt(given("poll_max_ns") ?? before.maxNs),
    grow: Number(given("poll_grow") ?? before.grow),
    shrink: Number(given("poll_shrink") ?? before.shrink),
  };
}

function refuse(detail: string): VirtError {
  return new VirtError("INVALID_ARG", detail, { domain: "DOMAIN", hint: "`iothreadinfo` shows what is there" });
}
