export type { LauncherConnection, LauncherSteps, LauncherTools } from "./steps.js";
export { launcherWords } from "./words.js";
