import type { TypedParam } from "@polyvisor/core";
import type { Bandwidth, BandwidthRate } from "@polyvisor/sdk/conf/common";
import { numberParam } from "@polyvisor/sdk/typed-params";

const DIRECTIONS = {
  inbound: ["average", "peak", "burst", "floor"],
  outbound: ["average", "peak", "burst"],
} as const satisfies Record<string, readonly (keyof BandwidthRate)[]>;
type Direction = keyof typeof DIRECTIONS;
/** How fast a network card or port may be, as parameters. */
export const BANDWIDTH_PARAMS = Object.fromEntries(
  Object.entries(DIRECTIONS).flatMap(([direction, names]) =>
    names.map((name) => [`${direction}.${name}`, "uint"] as const),
  ),
);

export function bandwidthParams(bandwidth: Bandwidth | undefined): TypedParam[] {
  return [...paramsOf("inbound", bandwidth), ...paramsOf("outbound", bandwidth)];
}

function paramsOf(direction: Direction, bandwidth: Bandwidth | undefined): TypedParam[] {
  const rate: BandwidthRate = bandwidth?.[direction] ?? {};
  return DIRECTIONS[direction].map((name) => ({ field: `${direction}.${name}`, type: "uint", value: rate[name] ?? 0 }));
}

/** A direction without an average is without limits. What has been limited once stays in the document, as libvirt has it. */
export function withRates(before: Bandwidth | undefined, params: readonly TypedParam[]): Bandwidth {
  return { ...before, inbound: rateFrom("inbound", params, before), outbound: rateFrom("outbound", params, before) };
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
