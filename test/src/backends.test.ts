import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HypervisorProfile } from "@polyvisor/sdk/conformance";
import { recordLibraryCall } from "./harness/answers.js";
import { outputOf } from "./harness/command.js";
import { vboxProfile, xenProfile } from "./harness/conformance.js";
import { lxcProfile } from "./harness/containers.js";
import { LIBVIRT_CALLS, type System, startEveryBackend } from "./harness/every-backend.js";
import { HYPERV_PROFILE } from "./harness/hyperv.js";
import { binding, program, testWith } from "./harness/needs.js";
import { clientProgram, PYTHON, project } from "./harness/project.js";
import { RECORDED_BHYVE_PROFILE } from "./harness/recorded-bhyve.js";
import { Virsh } from "./harness/virsh.js";

const NEEDS = [await program("virsh"), await program("qemu-system-x86_64"), await binding(PYTHON)];

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
if connection.isAlive() != 1 or connection.isEncrypted() != 0 or connection.isSecure() not in (0, 1):
    differences.append("what the connection says of itself")
if libvirt.openAuth(sys.argv[1], [[], lambda *_: 0, None], 0).getType() != connection.getType():
    differences.append("a connection that may be asked for a password")
running = [connection.lookupByID(number).name() for number in connection.listDomainsID()]
for name in ["getHostname", "getFreeMemory", "getMaxVcpus", "getCapabilities", "getInfo"]:
    asked(name, *([None] if name == "getMaxVcpus" else []))
print(json.dumps({"domains": sorted(running + connection.listDefinedDomains()), "differences": differences}))
`;

/** Libvirt's library makes them of other calls, or answers them itself. */
const OF_ANY = ["virConnectIsAlive", "virConnectIsEncrypted", "virConnectOpenAuth", "virConnectOpenReadOnly"];
const OF_THE_LIBRARY: Readonly<Record<string, readonly string[]>> = {
  CreateLinux: ["virDomainCreateLinux"],
  DomainEventRegister: ["virConnectDomainEventRegister", "virConnectDomainEventDeregister"],
};

testWith("a daemon with every plugin serves a session of each backend at the same time", NEEDS, async (t) => {
  t.timeout(5 * 60_000);
  const { backends, folder, dispose } = await startEveryBackend();
  t.teardown(dispose);
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
      for (const call of OF_ANY) recordLibraryCall(system, call);
      t.deepEqual(counted.domains, domains.toSorted(), system);
      const [, found = ""] = /Running hypervisor: (.*)/.exec(said) ?? [];
      return {
        system,
        found,
        domains: domains.length,
        calls: `${matrix[system]?.length ?? 0} (libvirt's driver: ${LIBVIRT_CALLS[system]})`,
      };
    }),
  );
  const widths = ["system", "found", "domains", "calls"] as const;
  const line = (cells: readonly string[]) => cells.map((cell, at) => cell.padEnd([9, 24, 9, 0][at] ?? 0)).join("");
  t.log([line(widths), ...rows.map((row) => line(widths.map((key) => String(row[key]))))].join("\n"));
});

/** Of each backend the domains that its driver is judged by, whose machines come and go. */
const PROFILES: Readonly<Partial<Record<System, (folder: string) => Promise<HypervisorProfile>>>> = {
  lxc: lxcProfile,
  xen: xenProfile,
  hyperv: async () => HYPERV_PROFILE,
  vbox: vboxProfile,
  bhyve: async () => RECORDED_BHYVE_PROFILE,
};

const UUID = "5f7d1f4e-0c9a-4a6b-9d43-0000000000de";

testWith("older calls come to the same as those that have taken their place", NEEDS, async (t) => {
  t.timeout(10 * 60_000);
  const { backends, folder, dispose } = await startEveryBackend();
  t.teardown(dispose);
  const compared = backends.map(async ({ system, uri }) => {
    const profileOf = PROFILES[system];
    if (profileOf === undefined) return;
    const place = join(folder, `older-${system}`);
    await mkdir(place);
    const { fixtures } = await profileOf(place);
    const { domain = "", device = "<watchdog model='i6300esb'/>" } = fixtures ?? {};
    const files = { domain: domain.replaceAll("{name}", "older").replaceAll("{uuid}", UUID), device };
    for (const [name, text] of Object.entries(files)) await writeFile(join(place, name), text);
    const words = [uri, ...["domain", "device", "saved"].map((name) => join(place, name))];
    const said = JSON.parse(await outputOf(PYTHON, [clientProgram("older-calls.py"), ...words])) as {
      same: string[];
      differences: string[];
    };
    t.deepEqual(said.differences, [], system);
    for (const call of said.same.flatMap((name) => OF_THE_LIBRARY[name] ?? [])) recordLibraryCall(system, call);
  });
  await Promise.all(compared);
});
