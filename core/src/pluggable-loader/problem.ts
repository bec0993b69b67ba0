/**
 * What may be wrong with a plugin, or keep it from being used. Each has a page `docs/errors/NAME.md`, so that a name is
 * never given another meaning.
 */
export const PLUGIN_PROBLEMS = [
  "PLUGIN_NOT_FOUND",
  "PLUGIN_FOLDER_UNREADABLE",
  "PLUGIN_MANIFEST_INVALID",
  "PLUGIN_MANIFEST_KEY_UNKNOWN",
  "PLUGIN_NAME_TAKEN",
  "PLUGIN_CLAIM_TAKEN",
  "PLUGIN_DISABLED",
  "PLUGIN_INAPPLICABLE",
  "PLUGIN_INCOMPATIBLE",
  "PLUGIN_ENTRY_FAILED",
  "PLUGIN_CONTRACT_MISSING",
  "PLUGIN_FAILED",
  "PLUGIN_PROCESS_BROKEN",
  "PLUGIN_CONFIGURATION_INVALID",
  "PLUGIN_CONFIGURATION_SCHEMA_INVALID",
  "PLUGIN_CONFIGURATION_UNUSED",
] as const;

export type PluginProblem = (typeof PLUGIN_PROBLEMS)[number];

/** Where the documentation explains an error's code or a problem of a plugin. */
export function pageOf(name: string): string {
  return `docs/errors/${name}.md`;
}

/** What a plugin asked for, and what is here instead. */
export interface Mismatch {
  readonly wanted: string;
  readonly found: string;
}

/** Why a plugin cannot be used; the message names the plugin, what it asked for and what is here. */
export class PluginError extends Error {
  override readonly name = "PluginError";
  readonly problem: PluginProblem;
  /** Of `PLUGIN_INCOMPATIBLE`. */
  readonly mismatch: Mismatch | undefined;

  constructor(
    problem: PluginProblem,
    message: string,
    more: { readonly mismatch?: Mismatch; readonly cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.problem = problem;
    this.mismatch = more.mismatch;
  }

  get page(): string {
    return pageOf(this.problem);
  }
}
