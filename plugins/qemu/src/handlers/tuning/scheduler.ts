import { AFFECT, type Domain, type DomainTuningHandlers, type TypedParam } from "@polyvisor/core";
import type { Cgroup } from "@polyvisor/sdk/cgroup";
import type { Cputune } from "@polyvisor/sdk/conf/domain";
import { readBandwidth, readShares, setBandwidth, setShares } from "@polyvisor/sdk/tuning";
import { checkParams, numberParam, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { NO_CPUTUNE } from "../../confine/index.js";
import { checkFlags, qemuError } from "../../errors.js";
import type { Guest } from "../../guest.js";
import type { Hypervisor } from "../../hypervisor.js";
import { chosen, groupWith, tune } from "./change.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** The parts of a guest whose time is limited: the names of their parameters, and of their settings. In libvirt's order. */
const PARTS = [
  { name: "vcpu", period: "period", quota: "quota", groups: vcpuGroups },
  { name: "emulator", period: "emulatorPeriod", quota: "emulatorQuota", groups: () => ["emulator"] },
  { name: "global", period: "globalPeriod", quota: "globalQuota", groups: () => [""] },
  { name: "iothread", period: "iothreadPeriod", quota: "iothreadQuota", groups: iothreadGroups },
] as const;

type Figure = "shares" | (typeof PARTS)[number]["period" | "quota"];
type Figures = { readonly [key in Figure]?: number | bigint | undefined };

/** Microseconds. */
const PERIODS = [1000, 1_000_000] as const;
const QUOTAS = [1000, 17592186044415] as const;

const KNOWN = Object.fromEntries([
  ["cpu_shares", "ullong"],
  ...PARTS.flatMap(({ name }) => [
    [`${name}_period`, "ullong"],
    [`${name}_quota`, "llong"],
  ]),
]) as Readonly<Record<string, "ullong" | "llong">>;

/** How much of the host's processors a guest gets: its weight, and microseconds of each period for each of its parts. */
export function schedulerHandlers(hypervisor: Hypervisor): DomainTuningHandlers {
  const get = async (dom: Domain, flags: number): Promise<TypedParam[]> => {
    checkFlags(flags, AFFECTED | STRING_OKAY, "qemuDomainGetSchedulerParametersFlags");
    checkSystem(hypervisor);
    const { config, guest } = await chosen(hypervisor, dom, flags & ~STRING_OKAY);
    if (guest === undefined) return paramsOf(config.cputune ?? NO_CPUTUNE);
    return paramsOf(await inForce(guest, groupWith(await hypervisor.confinement.groupOf(guest), "cpu")));
  };
  const set = (dom: Domain, params: readonly TypedParam[], flags: number): Promise<void> => {
    checkFlags(flags, AFFECTED, "qemuDomainSetSchedulerParametersFlags");
    checkParams(params, KNOWN);
    checkSystem(hypervisor);
    checkRanges(params);
    return tune(
      hypervisor,
      { dom, flags, api: "domainSetSchedulerParametersFlags" },
      {
        apply: (guest, group) => apply(guest, groupWith(group, "cpu"), params),
        edit: (config, target) => ({
          ...config,
          cputune: { ...NO_CPUTUNE, ...config.cputune, ...edits(params, target) },
        }),
      },
    );
  };
  return {
    async domainGetSchedulerType({ dom }) {
      const { guest } = hypervisor.domains.find(dom);
      checkSystem(hypervisor);
      if (guest !== undefined) groupWith(await hypervisor.confinement.groupOf(guest), "cpu");
      return { type: "posix", nparams: 1 + 2 * PARTS.length };
    },
    domainGetSchedulerParameters: ({ dom }) => get(dom, 0),
    domainGetSchedulerParametersFlags: ({ dom, flags }) => get(dom, flags),
    domainSetSchedulerParameters: ({ dom, params }) => set(dom, params, 0),
    domainSetSchedulerParametersFlags: ({ dom, params, flags }) => set(dom, params, flags),
  };
}

function checkSystem({ info }: Hypervisor): void {
  if (info.mode !== "system") throw qemuError("CONFIG_UNSUPPORTED", "CPU tuning is not available in session mode");
}

function checkRanges(params: readonly TypedParam[]): void {
  for (const { field, value } of params) {
    const [min, max] = field.endsWith("_period") ? PERIODS : QUOTAS;
    if (field === "cpu_shares" || Number(value) <= 0 || (Number(value) >= min && Number(value) <= max)) continue;
    throw qemuError("INVALID_ARG", `value of '${field}' is out of range [${min}, ${max}]`);
  }
}

/** A running guest keeps what it has where a zero is given. */
function edits(params: readonly TypedParam[], target: "live" | "config"): Partial<Cputune> {
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
    ...PARTS.flatMap(({ name, period, quota }) => [
      ...given(period, `${name}_period`),
      ...given(quota, `${name}_quota`),
    ]),
  ]);
}

async function apply(guest: Guest, group: Cgroup, params: readonly TypedParam[]): Promise<TypedParam[]> {
  const shares = numberParam(params, "cpu_shares");
  if (shares !== undefined) await setShares(group, shares);
  for (const { name, groups } of PARTS) {
    const period = numberParam(params, `${name}_period`) || undefined;
    const quota = numberParam(params, `${name}_quota`) || undefined;
    for (const part of groups(guest)) await setBandwidth(partOf(group, part), period, quota);
  }
  const changed = params.filter(({ field, value }) => field === "cpu_shares" || Number(value) !== 0);
  return changed.map((param) => ({ ...param, field: `cputune.${param.field}` }));
}

/** What the kernel says. Parts that there are several of have all the same. */
async function inForce(guest: Guest, group: Cgroup): Promise<Figures> {
  const settings: { [key in Figure]?: number | bigint } = { shares: await readShares(group) };
  for (const { period, quota, groups } of PARTS) {
    const found = await readBandwidth(partOf(group, groups(guest)[0] ?? ""));
    settings[period] = found.period;
    settings[quota] = found.quota;
  }
  return settings;
}

function partOf(group: Cgroup, name: string): Cgroup {
  return name === "" ? group : group.threads(name);
}

function vcpuGroups({ vcpuThreads }: Guest): string[] {
  return [...vcpuThreads.keys()].map((vcpu) => `vcpu${vcpu}`);
}

function iothreadGroups({ config }: Guest): string[] {
  return config.iothreads.map(({ id }) => `iothread${id}`);
}

function paramsOf(cputune: Figures): TypedParam[] {
  return [
    { field: "cpu_shares", type: "ullong", value: cputune.shares ?? 0 },
    ...PARTS.flatMap(({ name, period, quota }): TypedParam[] => [
      { field: `${name}_period`, type: "ullong", value: cputune[period] ?? 0 },
      { field: `${name}_quota`, type: "llong", value: cputune[quota] ?? 0 },
    ]),
  ];
}
