import { AFFECT, type DomainTuningHandlers, VirtError } from "@polyvisor/core";
import type { Domain as Config, Interface } from "@polyvisor/sdk/conf";
import { parseMacAddress } from "@polyvisor/sdk/conf/common";
import { checkParams, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { BANDWIDTH_PARAMS, bandwidthParams, withRates } from "./bandwidth-params.js";
import { configFor, editOne } from "./edit.js";
import { checkFlags } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** How fast a domain's network cards may be, and figures about them. */
export function interfaceParameterHandlers(hypervisor: TestHypervisor): DomainTuningHandlers {
  return {
    domainGetInterfaceParameters({ dom, device, flags }) {
      checkFlags(flags, AFFECTED | STRING_OKAY, "testDomainGetInterfaceParameters");
      const { bandwidth } = findInterface(configFor(hypervisor, dom, flags), device);
      return bandwidthParams(bandwidth);
    },

    domainSetInterfaceParameters({ dom, device, params, flags }) {
      checkFlags(flags, AFFECTED, "testDomainSetInterfaceParameters");
      checkParams(params, BANDWIDTH_PARAMS);
      editOne(hypervisor, dom, flags, (config) => {
        const found = findInterface(config, device);
        const bandwidth = withRates(found.bandwidth, params);
        const interfaces = config.devices.interfaces.map((card) => (card === found ? { ...card, bandwidth } : card));
        return { ...config, devices: { ...config.devices, interfaces } };
      });
    },

    domainInterfaceStats({ dom, device }) {
      const domain = hypervisor.domains.find(dom);
      domain.expectActive();
      findInterface(domain.config, device);
      return madeUpStats();
    },
  };
}

/** A card by its MAC address or by the host's name of it. */
function findInterface({ devices }: Config, device: string): Interface {
  const mac = parseMacAddress(device);
  const found = devices.interfaces.find((card) =>
    mac === undefined ? card.target?.dev === device : card.mac?.address === mac,
  );
  if (found !== undefined) return found;
  const hint = "`domiflist` shows the cards that are here";
  throw new VirtError("INVALID_ARG", `'${device}' is not a known interface`, { domain: "DOMAIN", hint });
}

/** They grow with time, and mean nothing. */
function madeUpStats() {
  const microseconds = BigInt(Date.now()) * 1000n;
  return {
    rxBytes: microseconds / 10n,
    rxPackets: microseconds / 100n,
    rxErrs: microseconds / 1_000_000n,
    rxDrop: microseconds / 2_000_000n,
    txBytes: microseconds / 20n,
    txPackets: microseconds / 110n,
    txErrs: microseconds / 3_000_000n,
    txDrop: microseconds / 4_000_000n,
  };
}
