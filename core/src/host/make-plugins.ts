import type { DependencyContainer } from "tsyringe";
import type { HostInfo, Log, PluginConfig } from "../contracts/index.js";
import {
  type ConfigurationGiven,
  checkConfiguration,
  type Manifest,
  type Offer,
  PluginError,
} from "../pluggable-loader/index.js";
import type { ContractSet } from "./contract-set.js";
import type { Host } from "./host.js";
import type { Isolation } from "./isolation.js";
import { Plugin } from "./registry.js";

/** What the operator says of plugins, beside where they are. */
export interface PluginChoices {
  readonly disabledPlugins?: readonly string[];
  readonly pluginConfiguration?: Readonly<Record<string, ConfigurationGiven>>;
  readonly isolation?: Isolation;
}

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
  sayUnused(manifests, choices, host.log);
  return Promise.all(manifests.map((manifest) => makePlugin(manifest, choices, host)));
}

async function makePlugin(
  manifest: Manifest,
  { disabledPlugins = [], pluginConfiguration = {}, isolation }: PluginChoices,
  { info, log, root, offer, contracts, host }: PluginsHost,
): Promise<Plugin> {
  const configurationOf = (of: Manifest): Promise<PluginConfig> => checkConfiguration(of, pluginConfiguration[of.name]);
  const supervisor = isolation?.isolates(manifest)
    ? isolation.supervise(manifest, { info, log, configurationOf, services: host })
    : undefined;
  const configuration = await configurationOf(manifest).catch((error: unknown) => {
    if (error instanceof PluginError) return error;
    throw error;
  });
  const disabled = disabledPlugins.includes(manifest.name);
  return new Plugin(manifest, { parent: root, offer, contracts, log, configuration, disabled, supervisor });
}

/** What the operator says of plugins that are not here is most often a mistyped name. */
function sayUnused(manifests: readonly Manifest[], choices: PluginChoices, log: Log): void {
  const names = new Set(manifests.map(({ name }) => name));
  for (const plugin of choices.disabledPlugins ?? [])
    if (!names.has(plugin)) log.warn({ plugin }, `the plugin ${plugin}, which is to be disabled, is not here`);
  for (const [plugin, { file }] of Object.entries(choices.pluginConfiguration ?? {}))
    if (!names.has(plugin))
      log.warn(
        { plugin, file, problem: "PLUGIN_CONFIGURATION_UNUSED" },
        `settings for a plugin ${plugin}, which is not here`,
      );
}
