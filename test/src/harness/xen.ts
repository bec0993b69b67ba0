import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { project } from "./project.js";

const STAND_IN = join(project, "plugins/xen/dist/testing/stand-in.js");

/** What the plugin's own tests have: a dom0 whose domains are made up; the rig has a real one. */
export const { startStandIn: startXenStandIn } = (await import(pathToFileURL(STAND_IN).href)) as {
  startStandIn(folder: string): Promise<{
    readonly settings: Readonly<Record<string, string | number>>;
    close(): Promise<void>;
  }>;
};
