import type { DependencyContainer } from "tsyringe";
import type { HostInfo, Log, PluginConfig } from "../contracts/index.js";
import {
  type ConfigurationGiven,
  checkConfiguration,
  type HeldEntries,
  type Manifest,
  type Offer,
  type PluginProblem,
  pageOf,
} from "../pluggable-loader/index.js";
import type { ContractSet } from "./contract-set.js";
import type { Host } from "./interface.js";
import type { Isolation } from "./isolation.js";
import { asPluginError, Plugin } from "./registry.js";

export type PluginSettings = Readonly<Record<string, ConfigurationGiven>>;

/** What the operator says of plugins, beside where they are. */
export interface PluginChoices {
  /** Names of plugins that take no part. */
  readonly disabledPlugins?: readonly string[];
  /**
   * What the operator has set for plugins, by their names; checked by the schemas of their manifests. A function is asked again
   * before a plugin is started again.
   */
  readonly pluginConfiguration?: PluginSettings | (() => Promise<PluginSettings>);
  /** Which plugins run in processes of their own, and how; none without it. */
  readonly isolation?: Isolation;
  /** For programs that are bundled: what is called in place of importing the entry that a manifest names. */
  readonly heldEntries?: HeldEntries;
}

const NONE_HELD: HeldEntries = new Map();

export interface PluginsHost {
  readonly info: HostInfo;
  readonly log: Log;
  readonly root: DependencyContainer;
  readonly offer: Offer;
  readonly contracts: ContractSet;
  /** The host that the plugins are made for, once it is made itself. */
  host(): Host;
}

/** Makes plugins of manifests: what the operator has set for them is checked, none of their code is run. */
export async function makePlugins(
  manifests: readonly Manifest[],
  choices: PluginChoices,
  host: PluginsHost,
): Promise<Plugin[]> {
  const settings = await settingsOf(choices);
  sayUnused(manifests, choices, settings, host.log);
  return Promise.all(manifests.map((manifest) => makePlugin(manifest, choices, settings, host)));
}

/** What the operator has set for a plugin now, checked by the schema of this manifest. Rejects with a `PluginError`. */
export async function configurationNow(choices: PluginChoices, manifest: Manifest): Promise<PluginConfig> {
  return checkConfiguration(manifest, (await settingsOf(choices))[manifest.name]);
}

async function settingsOf({ pluginConfiguration = {} }: PluginChoices): Promise<PluginSettings> {
  return typeof pluginConfiguration === "function" ? pluginConfiguration() : pluginConfiguration;
}

async function makePlugin(
  manifest: Manifest,
  choices: PluginChoices,
  settings: PluginSettings,
  { info, log, root, offer, contracts, host }: PluginsHost,
): Promise<Plugin> {
  const { disabledPlugins = [], isolation, heldEntries: held = NONE_HELD } = choices;
  const configurationOf = (of: Manifest): Promise<PluginConfig> => configurationNow(choices, of);
  const supervisor = isolation?.isolates(manifest)
    ? await isolation.supervise(manifest, { info, log, configurationOf, services: host })
    : undefined;
  const configuration = await checkConfiguration(manifest, settings[manifest.name]).catch(asPluginError);
  const disabled = disabledPlugins.includes(manifest.name);
  const parts = { parent: root, offer, contracts, held, log, configuration, configurationOf, disabled, supervisor };
  return new Plugin(manifest, parts);
}

/** What the operator says of plugins that are not here is most often a mistyped name. */
function sayUnused(manifests: readonly Manifest[], choices: PluginChoices, settings: PluginSettings, log: Log): void {
  const names = new Set(manifests.map(({ name }) => name));
  for (const plugin of choices.disabledPlugins ?? [])
    if (!names.has(plugin)) log.warn({ plugin }, `the plugin ${plugin}, which is to be disabled, is not here`);
  const problem: PluginProblem = "PLUGIN_CONFIGURATION_UNUSED";
  for (const [plugin, { file }] of Object.entries(settings))
    if (!names.has(plugin))
      log.warn({ plugin, file, problem, page: pageOf(problem) }, `settings for a plugin ${plugin}, which is not here`);
}
