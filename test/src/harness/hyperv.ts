import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { HypervisorProfile, HypervisorSubject } from "@polyvisor/sdk/conformance";
import { TRAITS } from "@polyvisor/sdk/conformance";
import { behindDaemon, direct, type Place } from "./conformance.js";
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

/** Hyper-V's driver as the kit judges it: in this process, or behind a daemon; its server is a stand-in, which goes with it. */
export async function behindHypervStandIn(place: "in-process" | Place, folder: string): Promise<HypervisorSubject> {
  const standIn = await startHypervStandIn({ user: "admin", password: "geheim" });
  const auth_file = join(folder, "auth.conf");
  await writeFile(auth_file, hypervCredentials("admin", "geheim"));
  const uri = `hyperv://admin@127.0.0.1:${standIn.port}/?transport=http`;
  const judged = { driver: "hyperv", settings: { auth_file }, uri };
  const subject = place === "in-process" ? await direct(judged, folder) : await behindDaemon(judged, place);
  return {
    open: (options) => subject.open(options),
    ...(subject.restart === undefined ? {} : { restart: subject.restart }),
    ...(subject.kill === undefined ? {} : { kill: subject.kill }),
    async close() {
      await subject.close();
      standIn.close();
    },
  };
}

const machine = (devices: string) => `<domain type='hyperv'><name>{name}</name><uuid>{uuid}</uuid>
  <memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os>
  <devices><controller type='scsi' index='0'/>${devices}</devices></domain>`;

/** What Hyper-V's driver is judged by, on machines that are made up. */
export const HYPERV_PROFILE: HypervisorProfile = {
  fixtures: {
    domain: machine(""),
    screen: machine(""),
    device: "<disk type='file' device='disk'><source file='C:\\\\kit.vhdx'/><target dev='sdc' bus='scsi'/></disk>",
  },
  traits: [TRAITS.obeysShutdown, TRAITS.keepsDefinitions, TRAITS.keepsGuests],
};
