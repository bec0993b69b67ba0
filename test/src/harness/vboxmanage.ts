import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { project } from "./project.js";

const STAND_IN = join(project, "plugins/vbox/dist/testing/stand-in");

/** What the plugin's own tests have: a VBoxManage whose machines are made up, since VirtualBox cannot be had for tests. */
export const { serveStandIn } = (await import(pathToFileURL(join(STAND_IN, "serve.js")).href)) as {
  serveStandIn(folder: string): Promise<{ readonly program: string; close(): void }>;
};
