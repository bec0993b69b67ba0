import { AFFECT, type DomainTuningHandlers } from "@polyvisor/core";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import { cpusIn, markCpus } from "@polyvisor/sdk/cpu-maps";
import { targetOf } from "@polyvisor/sdk/lifecycle";
import { onlineCpus, readAffinity } from "@polyvisor/sdk/process";
import { NO_CPUTUNE } from "@polyvisor/sdk/tuning";
import { iothreadPart, placeThread } from "../../confine/index.js";
import { checkFlags, qemuError } from "../../errors.js";
import type { Hypervisor } from "../../hypervisor.js";
import { iothreadsOf } from "../../start/monitor-setup.js";
import { withGuest } from "../lifecycle.js";
import { tune } from "./change.js";
import { news } from "./pinning.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** Threads for disks: which there are, and on which of the host's processors they may run. */
export function iothreadHandlers(hypervisor: Hypervisor): DomainTuningHandlers {
  return {
    async domainGetIOThreadInfo({ dom, flags }) {
      checkFlags(flags, AFFECTED, "qemuDomainGetIOThreadInfo");
      const domain = hypervisor.domains.find(dom);
      const found = await (targetOf(domain, flags) === "live"
        ? withGuest(hypervisor, dom, { kind: "query", api: "domainGetIOThreadInfo" }, async (guest) => {
            const pid = guest.process?.pid ?? 0;
            return [...(await iothreadsOf(guest))].map(([id, thread]) => ({ id, cpus: readAffinity(pid, thread) }));
          })
        : hypervisor.definitions.load(domain.name).then(configured));
      return found.map(({ id, cpus }) => ({ iothreadId: id, cpumap: mapOf(cpus) }));
    },

    domainPinIOThread({ dom, iothreadsId: id, cpumap, flags }) {
      checkFlags(flags, AFFECTED, "qemuDomainPinIOThread");
      const cpuset = cpusIn(cpumap);
      return tune(
        hypervisor,
        { dom, flags, api: "domainPinIOThread" },
        {
          edit(config, target) {
            if (cpuset.length === 0) throw qemuError("INVALID_ARG", "Empty iothread cpumap list for pinning");
            checkThread(config, id, target);
            return pinned(config, id, cpuset);
          },
          async apply(guest, group) {
            const thread = (await iothreadsOf(guest)).get(id);
            if (thread === undefined) return [];
            await placeThread(group, { ...iothreadPart(guest.config, id), cpus: cpuset }, thread);
            return [news(`iothreadpin${id}`, cpuset)];
          },
        },
      );
    },
  };
}

function configured(config: DomainConfig) {
  return config.iothreads.map(({ id }) => ({ id, cpus: iothreadPart(config, id).cpus ?? onlineCpus() }));
}

function checkThread({ iothreads }: DomainConfig, id: number, target: "live" | "config"): void {
  if (iothreads.some((each) => each.id === id)) return;
  throw qemuError("INVALID_ARG", `${target === "live" ? "iothread" : "iothreadid"} ${id} not found`);
}

/** A thread that is pinned is written down with its number. */
function pinned(config: DomainConfig, iothread: number, cpuset: readonly number[]): DomainConfig {
  const cputune = { ...NO_CPUTUNE, ...config.cputune };
  const others = cputune.iothreadpin.filter((pin) => pin.iothread !== iothread);
  const iothreadpin = [...others, { iothread, cpuset }].sort((a, b) => a.iothread - b.iothread);
  const iothreads = config.iothreads.map((each) => (each.id === iothread ? { ...each, autofill: false } : each));
  return { ...config, iothreads, cputune: { ...cputune, iothreadpin } };
}

function mapOf(cpus: readonly number[]): Buffer {
  const map = Buffer.alloc((Math.max(0, ...cpus) >> 3) + 1);
  markCpus(map, cpus);
  return map;
}
