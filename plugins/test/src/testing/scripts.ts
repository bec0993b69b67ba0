import { LIFE_SCRIPTS } from "./life-scripts.js";
import type { Step } from "./our-peer.js";
import { SETTINGS_SCRIPTS } from "./settings-scripts.js";
import { VALIDATION_SCRIPTS } from "./validation-scripts.js";

export { VALIDATION_SCRIPTS };

/** What both drivers are put through, and must answer alike to the last letter. */
export const SCRIPTS: Readonly<Record<string, readonly Step[]>> = {
  ...LIFE_SCRIPTS,
  ...SETTINGS_SCRIPTS,
  ...VALIDATION_SCRIPTS,
};
