import {
  AFFECT,
  type Domain,
  type DomainActionsHandlers,
  type DomainTuningHandlers,
  type TypedParam,
  VirtError,
} from "@polyvisor/core";
import { LIFECYCLE_ACTIONS } from "@polyvisor/sdk/conf/domain";
import { STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { editAll } from "./edit.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;
/** Which messages are asked for: of what is deprecated, of what taints. */
const MESSAGES = 3;
const MEMORY_VIRTUAL = 1;
const MEMORY_PHYSICAL = 2;
/** How many signals there are, counted as Linux does. */
const SIGNALS = 65;
/** In libvirt's order. */
const LIFECYCLE_EVENTS = ["poweroff", "reboot", "crash"] as const;
const SETTINGS = { poweroff: "onPoweroff", reboot: "onReboot", crash: "onCrash" } as const;
const TOTAL_CPU_TIME = 48772617035n;
const TOTALS: readonly TypedParam[] = [
  { field: "cpu_time", type: "ullong", value: TOTAL_CPU_TIME },
  { field: "user_time", type: "ullong", value: 5540000000n },
  { field: "system_time", type: "ullong", value: 6460000000n },
];
/** The CPUs that time is told for. */
const COUNTED_CPUS = 2;

/** What else can be done with a domain. Most of it does nothing, because there is no guest to do it to. */
export function actionHandlers(hypervisor: TestHypervisor): DomainActionsHandlers & DomainTuningHandlers {
  const { domains } = hypervisor;
  const expectActive = (dom: Domain) => domains.find(dom).expectActive();

  return {
    domainInjectNMI({ dom, flags }) {
      checkFlags(flags, 0, "testDomainInjectNMI");
      expectActive(dom);
    },
    domainSendKey({ dom, flags }) {
      checkFlags(flags, 0, "testDomainSendKey");
      expectActive(dom);
    },
    domainSendProcessSignal({ dom, pidValue, signum, flags }) {
      checkFlags(flags, 0, "testDomainSendProcessSignal");
      if (pidValue !== 1n) {
        throw testError("INVALID_ARG", "only sending a signal to pid 1 is supported", "the guest has no other process");
      }
      if (signum >= SIGNALS) {
        throw testError("INVALID_ARG", `signum value ${signum | 0} is out of range`, `at most ${SIGNALS - 1}`);
      }
      domains.find(dom);
    },

    domainMemoryPeek({ dom, offset, size, flags }) {
      checkFlags(flags, MEMORY_VIRTUAL | MEMORY_PHYSICAL, "testDomainMemoryPeek");
      if (flags !== MEMORY_VIRTUAL && flags !== MEMORY_PHYSICAL) {
        const detail = "flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL";
        throw testError("INVALID_ARG", detail, "choose one of both");
      }
      expectActive(dom);
      const first = Number(BigInt.asUintN(8, offset));
      return Uint8Array.from({ length: size }, (_, index) => (first + index) & 0xff);
    },

    domainGetSecurityLabel({ dom }) {
      return domains.find(dom).isActive ? { label: "libvirt-test", enforcing: 1 } : { label: "", enforcing: 0 };
    },
    domainGetLaunchSecurityInfo({ flags }) {
      checkFlags(flags, 0, "testDomainGetLaunchSecurityInfo");
      return [];
    },

    /** Nothing taints a guest that is not there. */
    domainGetMessages({ dom, flags }) {
      checkFlags(flags, MESSAGES, "testDomainGetMessages");
      domains.find(dom);
      return [];
    },

    domainSetLifecycleAction({ dom, type, action, flags }) {
      checkFlags(flags, AFFECTED, "testDomainSetLifecycleAction");
      const event = LIFECYCLE_EVENTS[type];
      const wanted = LIFECYCLE_ACTIONS[action];
      if (event === undefined || wanted === undefined) return;
      if (event !== "crash" && wanted.startsWith("coredump")) {
        const detail = `Lifecycle event '${event}' doesn't support '${wanted}' action`;
        throw new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "DOMAIN", hint: "choose another action" });
      }
      editAll(hypervisor, dom, flags, (config) => ({ ...config, [SETTINGS[event]]: wanted }));
    },

    domainRename({ dom, newName, flags }) {
      checkFlags(flags, 0, "testDomainRename");
      rename(hypervisor, dom, newName ?? "");
      return 0;
    },

    domainGetCPUStats({ dom, nparams, startCpu, ncpus, flags }) {
      checkFlags(flags, STRING_OKAY, "testDomainGetCPUStats");
      expectActive(dom);
      return startCpu === -1 ? totals(nparams) : perCpu(nparams, startCpu, ncpus);
    },
  };
}

function rename(hypervisor: TestHypervisor, dom: Domain, name: string): void {
  const { domains } = hypervisor;
  const domain = domains.find(dom);
  const invalid = (detail: string, hint: string) => testError("OPERATION_INVALID", detail, hint);
  if (domain.isActive) throw invalid("cannot rename active domain", "shut it down first");
  if (name === domain.ref.name) {
    throw new VirtError("OPERATION_INVALID", "Can't rename domain to itself", { domain: "DOMAIN" });
  }
  if (domains.byName(name) !== undefined) {
    const detail = `domain with name '${name}' already exists`;
    throw new VirtError("OPERATION_INVALID", detail, { domain: "DOMAIN", hint: "choose another name" });
  }
  if (name.includes("/")) throw testError("XML_ERROR", `name ${name} cannot contain '/'`, "choose another name");
  hypervisor.transition(domain, "undefineRenamed");
  domain.rename(name);
  domains.reindex(domain);
  hypervisor.transition(domain, "defineRenamed");
}

function totals(asked: number) {
  if (asked === 0) return { params: [], nparams: TOTALS.length };
  const params = TOTALS.slice(0, asked);
  return { params, nparams: params.length };
}

/** `asked` figures for each of some CPUs, one CPU after the other. */
function perCpu(asked: number, first: number, count: number) {
  if (count === 0) return { params: [], nparams: COUNTED_CPUS };
  if (asked === 0) return { params: [], nparams: 2 };
  if (first >= COUNTED_CPUS) {
    const detail = `start_cpu ${first} larger than maximum of ${COUNTED_CPUS - 1}`;
    throw testError("INVALID_ARG", detail, `there are ${COUNTED_CPUS}`);
  }
  const share = TOTAL_CPU_TIME / BigInt(COUNTED_CPUS);
  const params: TypedParam[] = [];
  for (let cpu = first; cpu < Math.min(COUNTED_CPUS, first + count); cpu++) {
    const time = share + BigInt(cpu);
    params.push({ field: "cpu_time", type: "ullong", value: time });
    if (asked > 1) params.push({ field: "vcpu_time", type: "ullong", value: time - 1234567890n });
  }
  return { params, nparams: Math.min(asked, 2) };
}
