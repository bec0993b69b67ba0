import { FLAG_SOURCES } from "./flags.js";
import type { JsonObject } from "./json.js";

/** One question of the probe. `key` is how derive.ts asks for its answer. */
export interface ProbeCommand {
  readonly key: string;
  readonly execute: string;
  readonly arguments?: JsonObject;
}

const PLAIN = [
  "query-version",
  "query-target",
  "query-kvm",
  "query-qmp-schema",
  "query-commands",
  "qom-list-types",
  "query-command-line-options",
  "query-tpm-models",
  "query-tpm-types",
  "query-migrate-capabilities",
  "query-sev-capabilities",
  "query-sgx-capabilities",
  "query-gic-capabilities",
] as const;

function plain(execute: string): ProbeCommand {
  return { key: execute, execute };
}

/** `migratable: false` shows what the model has beyond that which survives a migration. */
function expand(model: string, migratable: boolean): ProbeCommand {
  const props = migratable ? {} : { props: { migratable: false } };
  return {
    key: `query-cpu-model-expansion:${model}${migratable ? "" : ":all"}`,
    execute: "query-cpu-model-expansion",
    arguments: { type: "static", model: { name: model, ...props } },
  };
}

/** All that the model tells Windows of its hypervisor. */
function expandHyperv(model: string): ProbeCommand {
  const props = { migratable: false, "hv-passthrough": true };
  return {
    key: `query-cpu-model-expansion:${model}:hyperv`,
    execute: "query-cpu-model-expansion",
    arguments: { type: "full", model: { name: model, props } },
  };
}

function accelerator(model: "host" | "max"): readonly ProbeCommand[] {
  return [plain("query-machines"), plain("query-cpu-definitions"), expand(model, true), expand(model, false)];
}

/** The whole probe: an emulator answers what it knows and refuses the rest, so nothing depends on an earlier answer. */
export const PROBE_COMMANDS: readonly ProbeCommand[] = [
  ...PLAIN.map(plain),
  ...properties("device-list-properties", FLAG_SOURCES.deviceProperties),
  ...properties("qom-list-properties", FLAG_SOURCES.objectProperties),
  ...accelerator("host"),
  ...accelerator("max").slice(2),
  expandHyperv("host"),
  expandHyperv("max"),
];

/** What differs when the same emulator runs without KVM. */
export const PROBE_COMMANDS_TCG: readonly ProbeCommand[] = accelerator("max");

function properties(execute: string, table: readonly (readonly [string, string, string])[]): readonly ProbeCommand[] {
  const types = [...new Set(table.map(([type]) => type))];
  return types.map((typename) => ({ key: `${execute}:${typename}`, execute, arguments: { typename } }));
}
