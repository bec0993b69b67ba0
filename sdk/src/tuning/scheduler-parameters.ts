import { AFFECT, type Domain, type DomainTuningHandlers, type TypedParam } from "@polyvisor/core";
import type { Cgroup } from "../cgroup/index.js";
import type { Cputune } from "../conf/domain/index.js";
import { checkParams, numberParam, STRING_OKAY } from "../typed-params/index.js";
import { readBandwidth, readShares, setBandwidth, setShares } from "./limits.js";
import { checkTuningFlags, groupWith, type Tuned, tuningError } from "./tuned.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** A part of a guest whose time is limited: the names of its parameters and of its settings. */
export interface SchedulerPart<G> {
  /** In front of `_period` and `_quota`. */
  readonly name: string;
  readonly period: TimeSetting;
  readonly quota: TimeSetting;
  /** The groups of its threads below the guest's own; `""` is that one. */
  groups(guest: G): readonly string[];
}

type TimeSetting = Extract<keyof Cputune, `${string}eriod` | `${string}uota`>;
type Figures = { readonly [key in "shares" | TimeSetting]?: number | bigint | undefined };

/** What `<cputune>` says where there is none. */
export const NO_CPUTUNE: Cputune = {
  vcpupin: [],
  iothreadpin: [],
  vcpusched: [],
  iothreadsched: [],
  cachetune: [],
  memorytune: [],
};

/** Microseconds. */
const PERIODS = [1000, 1_000_000] as const;
const QUOTAS = [1000, 17592186044415] as const;

/**
 * How much of the host's processors a guest gets: its weight, and microseconds of each period for each of its parts, which are in
 * libvirt's order.
 */
export function schedulerHandlers<G>(tuned: Tuned<G>, parts: readonly SchedulerPart<G>[]): DomainTuningHandlers {
  const known = knownOf(parts);
  const get = async (dom: Domain, flags: number): Promise<TypedParam[]> => {
    checkTuningFlags(tuned, "DomainGetSchedulerParametersFlags", flags, AFFECTED | STRING_OKAY);
    checkSystem(tuned);
    const { config, live } = await tuned.chosen(dom, flags & ~STRING_OKAY);
    if (live === undefined) return paramsOf(parts, config.cputune ?? NO_CPUTUNE);
    return paramsOf(parts, await inForce(parts, live.guest, groupWith(tuned, live.group, "cpu")));
  };
  const set = (dom: Domain, params: readonly TypedParam[], flags: number): Promise<void> => {
    checkTuningFlags(tuned, "DomainSetSchedulerParametersFlags", flags, AFFECTED);
    checkParams(params, known);
    checkSystem(tuned);
    checkRanges(tuned, params);
    return tuned.tune(
      { dom, flags, api: "domainSetSchedulerParametersFlags" },
      {
        apply: ({ guest, group }) => apply(parts, guest, groupWith(tuned, group, "cpu"), params),
        edit: (config, target) => ({
          ...config,
          cputune: { ...NO_CPUTUNE, ...config.cputune, ...edits(parts, params, target) },
        }),
      },
    );
  };
  return {
    async domainGetSchedulerType({ dom }) {
      checkSystem(tuned);
      const { live } = await tuned.chosen(dom, 0);
      if (live !== undefined) groupWith(tuned, live.group, "cpu");
      return { type: "posix", nparams: 1 + 2 * parts.length };
    },
    domainGetSchedulerParameters: ({ dom }) => get(dom, 0),
    domainGetSchedulerParametersFlags: ({ dom, flags }) => get(dom, flags),
    domainSetSchedulerParameters: ({ dom, params }) => set(dom, params, 0),
    domainSetSchedulerParametersFlags: ({ dom, params, flags }) => set(dom, params, flags),
  };
}

function knownOf(parts: readonly { readonly name: string }[]): Readonly<Record<string, "ullong" | "llong">> {
  return Object.fromEntries([
    ["cpu_shares", "ullong"],
    ...parts.flatMap(({ name }) => [
      [`${name}_period`, "ullong"],
      [`${name}_quota`, "llong"],
    ]),
  ]);
}

function checkSystem(tuned: Tuned): void {
  if (tuned.mode === "system") return;
  throw tuningError(tuned, "CONFIG_UNSUPPORTED", "CPU tuning is not available in session mode");
}

function checkRanges(tuned: Tuned, params: readonly TypedParam[]): void {
  for (const { field, value } of params) {
    const [min, max] = field.endsWith("_period") ? PERIODS : QUOTAS;
    if (field === "cpu_shares" || Number(value) <= 0 || (Number(value) >= min && Number(value) <= max)) continue;
    throw tuningError(tuned, "INVALID_ARG", `value of '${field}' is out of range [${min}, ${max}]`);
  }
}

/** A running guest keeps what it has where a zero is given. */
function edits(
  parts: readonly SchedulerPart<never>[],
  params: readonly TypedParam[],
  target: "live" | "config",
): Partial<Cputune> {
  const value = (field: string) => {
    const number = numberParam(params, field);
    return number === 0 && (target === "live" || field !== "cpu_shares") ? undefined : number;
  };
  const given = (key: string, field: string): [string, number | undefined][] => {
    const isGiven = params.some((param) => param.field === field);
    return isGiven && (target === "config" || value(field) !== undefined) ? [[key, value(field)]] : [];
  };
  return Object.fromEntries([
    ...given("shares", "cpu_shares"),
    ...parts.flatMap(({ name, period, quota }) => [
      ...given(period, `${name}_period`),
      ...given(quota, `${name}_quota`),
    ]),
  ]);
}

async function apply<G>(
  parts: readonly SchedulerPart<G>[],
  guest: G,
  group: Cgroup,
  params: readonly TypedParam[],
): Promise<TypedParam[]> {
  const shares = numberParam(params, "cpu_shares");
  if (shares !== undefined) await setShares(group, shares);
  for (const { name, groups } of parts) {
    const period = numberParam(params, `${name}_period`) || undefined;
    const quota = numberParam(params, `${name}_quota`) || undefined;
    for (const part of groups(guest)) await setBandwidth(partOf(group, part), period, quota);
  }
  const changed = params.filter(({ field, value }) => field === "cpu_shares" || Number(value) !== 0);
  return changed.map((param) => ({ ...param, field: `cputune.${param.field}` }));
}

/** What the kernel says. Parts that there are several of have all the same. */
async function inForce<G>(parts: readonly SchedulerPart<G>[], guest: G, group: Cgroup): Promise<Figures> {
  const settings: { -readonly [key in keyof Figures]: Figures[key] } = { shares: await readShares(group) };
  for (const { period, quota, groups } of parts) {
    const found = await readBandwidth(partOf(group, groups(guest)[0] ?? ""));
    settings[period] = found.period;
    settings[quota] = found.quota;
  }
  return settings;
}

function partOf(group: Cgroup, name: string): Cgroup {
  return name === "" ? group : group.threads(name);
}

function paramsOf(parts: readonly SchedulerPart<never>[], cputune: Figures): TypedParam[] {
  return [
    { field: "cpu_shares", type: "ullong", value: cputune.shares ?? 0 },
    ...parts.flatMap(({ name, period, quota }): TypedParam[] => [
      { field: `${name}_period`, type: "ullong", value: cputune[period] ?? 0 },
      { field: `${name}_quota`, type: "llong", value: cputune[quota] ?? 0 },
    ]),
  ];
}
