import { AFFECT, type NetworkHandlers, VirtError } from "@polyvisor/core";
import { type NetworkUpdate, recheckNetwork, updateNetwork } from "@polyvisor/sdk/conf/network";
import { checkFlags } from "./errors.js";
import type { TestHost } from "./test-host.js";
import type { TestNetwork } from "./test-network.js";

/** Changes of one element of a network, in what runs, in the definition, or in both: all of it or nothing. */
export function networkUpdateHandlers({ networks }: TestHost): NetworkHandlers {
  return {
    networkUpdate({ net, flags, ...update }) {
      checkFlags(flags, AFFECT.LIVE | AFFECT.CONFIG, "testNetworkUpdate");
      const network = networks.lookupByUUID(net.uuid);
      const { live, config } = targetsOf(network, flags);
      const running = live ? updated(network.config, update) : undefined;
      const defined = config ? updated(network.definedConfig, update) : undefined;
      if (running !== undefined) network.change(running);
      if (defined !== undefined) network.changeDefinition(defined);
    },
  };
}

function updated(before: TestNetwork["config"], update: NetworkUpdate): TestNetwork["config"] {
  const after = updateNetwork(before, update);
  recheckNetwork(after);
  return after;
}

function targetsOf({ isActive, persistent }: TestNetwork, flags: number): { live: boolean; config: boolean } {
  const current = (flags & (AFFECT.LIVE | AFFECT.CONFIG)) === 0;
  const live = current ? isActive : (flags & AFFECT.LIVE) !== 0;
  const config = current ? !isActive : (flags & AFFECT.CONFIG) !== 0;
  if (live && !isActive) throw invalid("network is not running", "start it first, or change the definition alone");
  if (config && !persistent) {
    throw invalid("cannot change persistent config of a transient network", "define it first, or use --live");
  }
  return { live, config };
}

function invalid(detail: string, hint: string): VirtError {
  return new VirtError("OPERATION_INVALID", detail, { domain: "NETWORK", hint });
}
