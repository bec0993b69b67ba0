import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { project } from "./project.js";

export interface HypervStandIn {
  readonly port: number;
  readonly world: { readonly typed: readonly string[] };
  readonly exchanges: number;
  silence(): void;
  close(): void;
}

const MODULE = join(project, "plugins/hyperv/dist/testing/stand-in/index.js");

/** What the plugin's own tests have: a made-up server of WS-Management, since Hyper-V cannot be had for tests. */
export const { startStandIn: startHypervStandIn } = (await import(pathToFileURL(MODULE).href)) as {
  startStandIn(options: {
    readonly user: string;
    readonly password: string;
    readonly logins?: readonly ("Basic" | "Negotiate")[];
    readonly pageSize?: number;
  }): Promise<HypervStandIn>;
};

/** The authentication file for those who log in at servers on loopback. */
export function hypervCredentials(user: string, password: string): string {
  return `[credentials-a]\nusername=${user}\npassword=${password}\n[auth-hyperv-127.0.0.1]\ncredentials=a\n`;
}
