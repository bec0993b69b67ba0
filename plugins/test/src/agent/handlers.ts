import { type Domain, type DomainGuestHandlers, type TypedParam, VirtError } from "@polyvisor/core";
import { formatNumberSet, parseNumberSet } from "@polyvisor/sdk/conf";
import type { TestDomain } from "../domain.js";
import { checkFlags, testError } from "../errors.js";
import { cardsOf } from "../guest-addresses.js";
import type { TestHypervisor } from "../hypervisor.js";
import type { TestHost } from "../test-host.js";
import { expectAgent } from "./expect-agent.js";
import { guestInfoOf } from "./guest-info.js";

const KEYS = { APPEND: 1, REMOVE: 2 } as const;
/** Waits for ever, as usual, not at all; more are seconds. */
const LEAST_TIMEOUT = -2;

/** What a guest knows that its agent can tell and change, and libvirt's test driver does not have. */
class AgentState {
  /** Of the run that they belong to: the CPUs that the guest has put to sleep. */
  offline: { readonly id: number; readonly vcpus: ReadonlySet<number> } = { id: -1, vcpus: new Set() };
  readonly keys = new Map<string, readonly string[]>();
}

export function agentHandlers({ domains }: TestHypervisor, host: TestHost): DomainGuestHandlers {
  const states = new WeakMap<TestDomain, AgentState>();

  function asked(dom: Domain): { domain: TestDomain; state: AgentState } {
    const domain = domains.find(dom);
    domain.expectActive();
    expectAgent(domain);
    const state = states.get(domain) ?? new AgentState();
    states.set(domain, state);
    return { domain, state };
  }

  return {
    domainGetGuestInfo({ dom, types, flags }) {
      checkFlags(flags, 0, "testDomainGetGuestInfo");
      const { domain } = asked(dom);
      return guestInfoOf(domain, types, () => cardsOf(domain, host));
    },

    domainGetGuestVcpus({ dom, flags }) {
      checkFlags(flags, 0, "testDomainGetGuestVcpus");
      const { domain, state } = asked(dom);
      const all = vcpusOf(domain);
      const text = (field: string, vcpus: readonly number[]): TypedParam => {
        return { field, type: "string", value: formatNumberSet(vcpus) };
      };
      const offline = offlineIn(domain, state);
      const online = all.filter((vcpu) => !offline.has(vcpu));
      return [text("vcpus", all), text("online", online), text("offlinable", all.slice(1))];
    },

    domainSetGuestVcpus({ dom, cpumap, state: wanted, flags }) {
      checkFlags(flags, 0, "testDomainSetGuestVcpus");
      const { domain, state } = asked(dom);
      const vcpus = parseNumberSet(cpumap);
      checkVcpus(domain, vcpus, wanted === 0);
      const offline = new Set(offlineIn(domain, state));
      for (const vcpu of vcpus) {
        if (wanted === 0) offline.add(vcpu);
        else offline.delete(vcpu);
      }
      state.offline = { id: domain.ref.id, vcpus: offline };
    },

    domainAuthorizedSSHKeysGet({ dom, user, flags }) {
      checkFlags(flags, 0, "testDomainAuthorizedSSHKeysGet");
      return asked(dom).state.keys.get(user) ?? [];
    },
    domainAuthorizedSSHKeysSet({ dom, user, keys, flags }) {
      checkFlags(flags, KEYS.APPEND | KEYS.REMOVE, "testDomainAuthorizedSSHKeysSet");
      const { state } = asked(dom);
      const others = (state.keys.get(user) ?? []).filter((key) => !keys.includes(key));
      if ((flags & KEYS.REMOVE) !== 0) state.keys.set(user, others);
      else state.keys.set(user, (flags & KEYS.APPEND) === 0 ? keys : [...others, ...keys]);
    },

    domainAgentSetResponseTimeout({ dom, timeout, flags }) {
      checkFlags(flags, 0, "testDomainAgentSetResponseTimeout");
      if (timeout < LEAST_TIMEOUT) {
        const detail = `guest agent timeout '${timeout}' is less than the minimum '${LEAST_TIMEOUT}'`;
        throw testError("INVALID_ARG", detail, "-2 waits for ever, -1 as usual, 0 not at all");
      }
      domains.find(dom);
      return 0;
    },
  };
}

function vcpusOf({ config }: TestDomain): readonly number[] {
  return Array.from({ length: config.vcpu.current }, (_, vcpu) => vcpu);
}

/** A guest that boots has all of its CPUs again. */
function offlineIn({ ref }: TestDomain, { offline }: AgentState): ReadonlySet<number> {
  return offline.id === ref.id ? offline.vcpus : new Set();
}

function checkVcpus(domain: TestDomain, vcpus: readonly number[], sleep: boolean): void {
  const missing = vcpus.filter((vcpu) => vcpu >= domain.config.vcpu.current);
  if (missing.length > 0) {
    const detail = `guest is missing vCPUs '${formatNumberSet(missing)}'`;
    throw testError("INVALID_ARG", detail, `the guest has ${domain.config.vcpu.current}`);
  }
  if (!sleep || !vcpus.includes(0)) return;
  throw new VirtError("OPERATION_UNSUPPORTED", "vCPU '0' is not offlinable", {
    domain: "TEST",
    hint: "leave the first one out",
  });
}
