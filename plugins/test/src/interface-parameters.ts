import { AFFECT, type DomainTuningHandlers, type TypedParam, VirtError } from "@polyvisor/core";
import type { Domain as Config, Interface } from "@polyvisor/sdk/conf";
import { type Bandwidth, type BandwidthRate, parseMacAddress } from "@polyvisor/sdk/conf/common";
import { checkParams, numberParam, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { configFor, editOne } from "./edit.js";
import { checkFlags } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;
const DIRECTIONS = {
  inbound: ["average", "peak", "burst", "floor"],
  outbound: ["average", "peak", "burst"],
} as const satisfies Record<string, readonly (keyof BandwidthRate)[]>;
type Direction = keyof typeof DIRECTIONS;
const KNOWN = Object.fromEntries(
  Object.entries(DIRECTIONS).flatMap(([direction, names]) =>
    names.map((name) => [`${direction}.${name}`, "uint"] as const),
  ),
);

/** How fast a domain's network cards may be, and figures about them. */
export function interfaceParameterHandlers(hypervisor: TestHypervisor): DomainTuningHandlers {
  return {
    domainGetInterfaceParameters({ dom, device, flags }) {
      checkFlags(flags, AFFECTED | STRING_OKAY, "testDomainGetInterfaceParameters");
      const { bandwidth } = findInterface(configFor(hypervisor, dom, flags), device);
      return [...paramsOf("inbound", bandwidth), ...paramsOf("outbound", bandwidth)];
    },

    domainSetInterfaceParameters({ dom, device, params, flags }) {
      checkFlags(flags, AFFECTED, "testDomainSetInterfaceParameters");
      checkParams(params, KNOWN);
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

function paramsOf(direction: Direction, bandwidth: Bandwidth | undefined): TypedParam[] {
  const rate: BandwidthRate = bandwidth?.[direction] ?? {};
  return DIRECTIONS[direction].map((name) => ({ field: `${direction}.${name}`, type: "uint", value: rate[name] ?? 0 }));
}

/** A direction without an average is without limits. */
function withRates(before: Bandwidth | undefined, params: readonly TypedParam[]): Bandwidth | undefined {
  const inbound = rateFrom("inbound", params, before);
  const outbound = rateFrom("outbound", params, before);
  return inbound === undefined && outbound === undefined ? undefined : { ...before, inbound, outbound };
}

function rateFrom(
  direction: Direction,
  params: readonly TypedParam[],
  before: Bandwidth | undefined,
): BandwidthRate | undefined {
  const given = (name: string) => numberParam(params, `${direction}.${name}`);
  const rate = Object.fromEntries(DIRECTIONS[direction].map((name) => [name, given(name) || undefined]));
  if (rate.average !== undefined || rate.floor !== undefined) return rate;
  const cleared = given("average") !== undefined || given("floor") !== undefined;
  return cleared ? undefined : before?.[direction];
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
