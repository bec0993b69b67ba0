import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { outputOf } from "./harness/command.js";
import { binding, program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { PYTHON, project } from "./harness/project.js";
import { serveStandIn } from "./harness/vboxmanage.js";
import { Virsh } from "./harness/virsh.js";
import { startXenStandIn } from "./harness/xen.js";

const NEEDS = [await program("virsh"), await program("qemu-system-x86_64"), await binding(PYTHON)];

/** How many calls libvirt 9.0's own driver has. */
const LIBVIRT = { test: 249, qemu: 230, lxc: 94, xen: 105, esx: 133, hyperv: 73, vbox: 99, bhyve: 60 } as const;

type System = keyof typeof LIBVIRT;

/** A backend as a client reaches it, and what it must say of itself: real here, or what its plugin's tests have in its place. */
interface Backend {
  readonly system: System;
  readonly uri: string;
  readonly version: RegExp;
}

/** The calls of older clients: each count is that of its list, and each domain is found by its id. */
const COUNT = `
import json, libvirt, sys
libvirt.registerErrorHandler(lambda *_: None, None)
connection = libvirt.openReadOnly(sys.argv[1])
differences = []
def asked(name, *args):
    try:
        return getattr(connection, name)(*args)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            differences.append(f"{name}: {error}")
for count, names in [
    ("numOfDomains", "listDomainsID"), ("numOfDefinedDomains", "listDefinedDomains"),
    ("numOfNetworks", "listNetworks"), ("numOfDefinedNetworks", "listDefinedNetworks"),
    ("numOfStoragePools", "listStoragePools"), ("numOfDefinedStoragePools", "listDefinedStoragePools"),
    ("numOfInterfaces", "listInterfaces"), ("numOfDefinedInterfaces", "listDefinedInterfaces"),
]:
    number, found = asked(count), asked(names)
    if number is not None and number != len(found):
        differences.append(f"{count}: {number}, {names}: {found}")
running = [connection.lookupByID(number).name() for number in connection.listDomainsID()]
for name in ["getHostname", "getFreeMemory", "getMaxVcpus", "getCapabilities", "getInfo"]:
    asked(name, *([None] if name == "getMaxVcpus" else []))
print(json.dumps({"domains": sorted(running + connection.listDefinedDomains()), "differences": differences}))
`;

const own = async (path: string) => import(pathToFileURL(join(project, path)).href);

testWith("a daemon with every plugin serves a session of each backend at the same time", NEEDS, async (t) => {
  t.timeout(5 * 60_000);
  const folder = await mkdtemp(join(tmpdir(), "backends-"));
  const daemon = new Polyvisord(join(folder, "daemon"));
  t.teardown(async () => {
    await daemon.dispose();
    await rm(folder, { recursive: true, force: true });
  });
  for (const name of ["dom0", "vsphere", "hyperv", "virtualbox", "bhyve"]) await mkdir(join(folder, name));
  const dom0 = await startXenStandIn(join(folder, "dom0"));
  const { startRecordedServer } = await own("plugins/esx/dist/testing/recorded-server.js");
  const vsphere = await startRecordedServer("host", join(folder, "vsphere"));
  const { startStandIn, addMachine } = await own("plugins/hyperv/dist/testing/stand-in/index.js");
  const hyperv = await startStandIn({ user: "user", password: "pass" });
  addMachine(hyperv.world, "paper");
  const virtualbox = await serveStandIn(join(folder, "virtualbox"));
  for (const each of [dom0, vsphere, hyperv, virtualbox]) t.teardown(() => each.close());
  const { makeRecordedPlugin } = await own("plugins/bhyve/dist/testing/recorded-plugin.js");
  const bhyve: string = await makeRecordedPlugin(join(folder, "bhyve"));

  const auth = join(folder, "hyperv", "auth.conf");
  await writeFile(auth, "[credentials-a]\nusername=user\npassword=pass\n[auth-hyperv-127.0.0.1]\ncredentials=a\n");
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
  const backends: readonly Backend[] = [
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
  const matrix = JSON.parse(await readFile(join(project, "docs/support-matrix.json"), "utf8")) as Record<
    string,
    string[]
  >;
  const counter = join(folder, "count.py");
  await writeFile(counter, COUNT);
  const rows = await Promise.all(
    backends.map(async ({ system, uri, version }) => {
      const virsh = new Virsh(uri);
      const said = await virsh.ok("version");
      t.regex(said, version, system);
      const domains = (await virsh.ok("list", "--all", "--name")).split("\n").filter((name) => name !== "");
      const counted = JSON.parse(await outputOf(PYTHON, [counter, uri])) as {
        domains: string[];
        differences: string[];
      };
      t.deepEqual(counted.differences, [], system);
      t.deepEqual(counted.domains, domains.toSorted(), system);
      const [, found = ""] = /Running hypervisor: (.*)/.exec(said) ?? [];
      return {
        system,
        found,
        domains: domains.length,
        calls: `${matrix[system]?.length ?? 0} (libvirt's driver: ${LIBVIRT[system]})`,
      };
    }),
  );
  const widths = ["system", "found", "domains", "calls"] as const;
  const line = (cells: readonly string[]) => cells.map((cell, at) => cell.padEnd([9, 24, 9, 0][at] ?? 0)).join("");
  t.log([line(widths), ...rows.map((row) => line(widths.map((key) => String(row[key]))))].join("\n"));
});
