import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { killContainers } from "./containers.js";
import { hypervCredentials, startHypervStandIn } from "./hyperv.js";
import { Polyvisord } from "./polyvisord.js";
import { project } from "./project.js";
import { serveStandIn } from "./vboxmanage.js";
import { startXenStandIn } from "./xen.js";

/** How many calls libvirt 9.0's own driver has. */
export const LIBVIRT_CALLS = {
  test: 249,
  qemu: 230,
  lxc: 94,
  xen: 105,
  esx: 133,
  hyperv: 73,
  vbox: 99,
  bhyve: 60,
} as const;

export type System = keyof typeof LIBVIRT_CALLS;

/** A backend as a client reaches it, and what it must say of itself: real here, or what its plugin's tests have in its place. */
export interface Backend {
  readonly system: System;
  readonly uri: string;
  readonly version: RegExp;
}

export interface EveryBackend {
  readonly backends: readonly Backend[];
  /** For files of the caller's own; goes with the rest. */
  readonly folder: string;
  dispose(): Promise<void>;
}

const own = async (path: string) => import(pathToFileURL(join(project, path)).href);

/** A daemon with every plugin. Hyper-V's stand-in has a machine named `paper`. */
export async function startEveryBackend(): Promise<EveryBackend> {
  const folder = await mkdtemp(join(tmpdir(), "backends-"));
  const daemon = new Polyvisord(join(folder, "daemon"));
  const standIns: { close(): unknown }[] = [];
  const dispose = async () => {
    await killContainers(daemon.root);
    await daemon.dispose();
    for (const each of standIns) await each.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const backends = await start(daemon, folder, standIns);
    return { backends, folder, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function start(daemon: Polyvisord, folder: string, standIns: { close(): unknown }[]): Promise<Backend[]> {
  for (const name of ["dom0", "vsphere", "hyperv", "virtualbox", "bhyve"]) await mkdir(join(folder, name));
  const dom0 = await startXenStandIn(join(folder, "dom0"));
  standIns.push(dom0);
  const { startRecordedServer } = await own("plugins/esx/dist/testing/recorded-server.js");
  const vsphere = await startRecordedServer("host", join(folder, "vsphere"));
  standIns.push(vsphere);
  const { addMachine } = await own("plugins/hyperv/dist/testing/stand-in/index.js");
  const hyperv = await startHypervStandIn({ user: "user", password: "pass" });
  standIns.push(hyperv);
  addMachine(hyperv.world, "paper");
  const virtualbox = await serveStandIn(join(folder, "virtualbox"));
  standIns.push(virtualbox);
  const { makeRecordedPlugin } = await own("plugins/bhyve/dist/testing/recorded-plugin.js");
  const bhyve: string = await makeRecordedPlugin(join(folder, "bhyve"));

  const auth = join(folder, "hyperv", "auth.conf");
  await writeFile(auth, hypervCredentials("user", "pass"));
  const settings = {
    xen: dom0.settings,
    esx: vsphere.settings,
    hyperv: { auth_file: auth },
    vbox: { vboxmanage: virtualbox.program },
  };
  for (const [plugin, values] of Object.entries(settings)) {
    const lines = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
    await daemon.configure(plugin, lines.join(""));
  }
  const config = join(folder, "polyvisord.conf");
  await writeFile(config, `plugins = [ "${bhyve}" ]\n`);
  await daemon.start("--config", config);

  const named = (uri: string) =>
    `${uri.split(":")[0]}+unix:///?socket=${daemon.socket}&name=${encodeURIComponent(uri)}`;
  return [
    { system: "test", uri: daemon.uri("test"), version: /TEST/ },
    { system: "qemu", uri: daemon.uri("qemu"), version: /QEMU \d+\.\d+/ },
    { system: "lxc", uri: daemon.uri("lxc"), version: /LXC \d+\.\d+/ },
    { system: "xen", uri: "xen+unix:///system?socket=".concat(daemon.socket), version: /Xen 4\.17/ },
    { system: "esx", uri: named(vsphere.uri), version: /ESX \d+\.\d+/ },
    {
      system: "hyperv",
      uri: named(`hyperv://user@127.0.0.1:${hyperv.port}/?transport=http`),
      version: /Hyper-V 1000\.17\.763/,
    },
    { system: "vbox", uri: daemon.uri("vbox"), version: /VBOX 7\.0\.10/ },
    { system: "bhyve", uri: daemon.uri("bhyve"), version: /BHYVE 13\.2\.0/ },
  ];
}
