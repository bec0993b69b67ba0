import { z } from "zod/v3";
import { names } from "./values.js";

/** A package's name as npm has it, or an absolute folder. */
const PACKAGE = /^(?:\/.*|(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*)$/;

/** The keys about plugins; docs/plugins.md says what each is for. */
export const pluginKeys = {
  /** Plugins that have to be there, the first before the next where two claim the same, and before all others. */
  plugins: z.array(z.string().regex(PACKAGE, { message: "must be names of packages or absolute folders" })).default([]),
  /** More folders to look for plugins in. */
  plugin_folders: z.array(z.string().startsWith("/", { message: "must be absolute paths" })).default([]),
  /** Names of plugins that take no part. */
  disabled_plugins: names.default([]),
} as const;
