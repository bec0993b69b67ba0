import { type ContractName, type Log, SUB_CONTRACTS } from "../contracts/index.js";
import { type BadManifest, type PluginProblem, pageOf } from "../pluggable-loader/index.js";
import type { Plugin, PluginStatus } from "./registry.js";

/** The plugin that provides a sub-driver's contract here: the operator may have chosen it. */
export type Preferred = (contract: string) => string | undefined;

/** Something that only one plugin can serve, and all that would, in the order in which they come. */
export interface Claim {
  /** `scheme qemu`, `transport ssh` or `contract network.v1`. */
  readonly what: string;
  readonly winner: string;
  readonly others: readonly string[];
}

/**
 * What more than one plugin claims. The first has it: the one that comes first in the operator's list, then those of plugin
 * folders, then the host's own dependencies. Disabled plugins claim nothing; one that cannot be used keeps its claims, so that
 * a URI never leads to another driver than the operator's choice without a word.
 */
export function contested(plugins: readonly Plugin[], preferred: Preferred): Claim[] {
  const claims = new Map<string, string[]>();
  for (const plugin of plugins.filter(({ enabled }) => enabled)) {
    for (const what of schemesOf(plugin)) claims.set(what, [...(claims.get(what) ?? []), plugin.name]);
  }
  for (const contract of SUB_CONTRACTS) {
    const names = plugins.filter((plugin) => plugin.enabled && plugin.provides(contract)).map(({ name }) => name);
    const first = preferred(contract);
    if (first !== undefined) claims.set(`contract ${contract}`, [first, ...names.filter((name) => name !== first)]);
  }
  return [...claims].flatMap(([what, [winner, ...others]]) =>
    winner === undefined || others.length === 0 ? [] : [{ what, winner, others }],
  );
}

function schemesOf(plugin: Plugin): string[] {
  if (!plugin.provides("hypervisor.v1")) return [];
  return [
    ...plugin.schemes.map((scheme) => `scheme ${scheme}`),
    ...plugin.transports.map((transport) => `transport ${transport}`),
  ];
}

/** What is said of a claim beside each plugin that has it or would. */
export function noteFor(name: string, { what, winner, others }: Claim): string[] {
  if (name === winner) return [`serves ${what}, which ${others.join(" and ")} would serve too`];
  return others.includes(name) ? [`does not serve ${what}: ${winner} comes first`] : [];
}

/** The state of every plugin, with what others claim besides. */
export function withClaims(plugins: readonly Plugin[], preferred: Preferred): PluginStatus[] {
  const claims = contested(plugins, preferred);
  return plugins.map(({ name, status }) => {
    const notes = claims.flatMap((claim) => noteFor(name, claim));
    return notes.length === 0 ? status : { ...status, notes: [...status.notes, ...notes] };
  });
}

/** Called once, at the host's start: what an operator has to know of plugins that are not used, or not as their authors meant. */
export function tellFaults(
  bad: readonly BadManifest[],
  plugins: readonly Plugin[],
  preferred: Preferred,
  log: Log,
): void {
  for (const { name, folder, problem, message } of bad)
    log.error({ plugin: name, folder, problem, page: pageOf(problem) }, message);
  for (const { name, manifest } of plugins) {
    const problem: PluginProblem = "PLUGIN_MANIFEST_KEY_UNKNOWN";
    for (const remark of manifest.remarks) log.warn({ plugin: name, problem, page: pageOf(problem) }, remark);
  }
  for (const { what, winner, others } of contested(plugins, preferred)) {
    const problem: PluginProblem = "PLUGIN_CLAIM_TAKEN";
    log.warn(
      { plugin: winner, others, problem, page: pageOf(problem) },
      `${winner} serves ${what}: it comes before ${others.join(", ")}`,
    );
  }
}

/** What a client hears, beside the reason, whose URI belongs to a plugin that cannot be used. */
export function hintFor(plugin: Plugin, drivers: readonly Plugin[], scheme: string): string {
  const { problem } = plugin.status;
  const page = problem === undefined ? "" : `; see ${pageOf(problem)}`;
  const next = drivers.find((other) => other !== plugin && other.enabled && other.schemes.includes(scheme));
  const other =
    next === undefined ? "" : `; disabled_plugins = [ "${plugin.name}" ] would leave ${scheme} to ${next.name}`;
  return `polyvisord --plugins shows every plugin's state${other}${page}`;
}

/** What a client hears whose URI no plugin serves. */
export function noDriverHint(scheme: string, plugins: readonly Plugin[]): string {
  const disabled = plugins.find((plugin) => !plugin.enabled && plugin.schemes.includes(scheme));
  if (disabled !== undefined)
    return `${disabled.name} is disabled by disabled_plugins; see ${pageOf("PLUGIN_DISABLED")}`;
  const schemes = plugins
    .filter(({ enabled }) => enabled)
    .flatMap((plugin) => plugin.schemes)
    .sort();
  return schemes.length === 0 ? "no plugin is installed" : `the schemes here are ${[...new Set(schemes)].join(", ")}`;
}

/** What is said where a plugin that is named does not provide a contract. */
export function providersHint(contract: ContractName, name: string, plugins: readonly Plugin[]): string {
  const able = plugins.filter((plugin) => plugin.provides(contract));
  if (able.some((plugin) => plugin.name === name))
    return `${name} is disabled by the operator; see ${pageOf("PLUGIN_DISABLED")}`;
  const names = able.filter(({ enabled }) => enabled).map((plugin) => plugin.name);
  return names.length === 0 ? `no plugin here provides ${contract}` : `these do: ${names.join(", ")}`;
}
