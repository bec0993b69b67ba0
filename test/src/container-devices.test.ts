import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf } from "./harness/command.js";
import { containerXml, makeRoot } from "./harness/containers.js";
import { binding, networkNamespaces, program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { PrivateNetwork } from "./harness/private-network.js";
import { isRunning, until } from "./harness/processes.js";
import { PYTHON, project } from "./harness/project.js";
import { Virsh } from "./harness/virsh.js";

const NEEDS = [
  ...(await Promise.all(["virsh", "crun", "busybox", "ip"].map(program))),
  await networkNamespaces(),
  await binding(PYTHON),
  { name: "only root has containers", met: process.getuid?.() === 0, kind: "kernel" } as const,
];

const NAME = "tuned";
const MAC = "52:54:00:6b:00:01";
const CARD = `<interface type='bridge'><mac address='${MAC}'/><source bridge='br0'/>
  <ip address='192.0.2.2' prefix='24'/></interface>`;

const LAN = "<network><name>lan</name><bridge name='virbr7'/></network>";

/** The namespaces that libvirt's own binding is given. */
const NAMESPACES = `
import libvirt, libvirt_lxc, os, sys
dom = libvirt.open(sys.argv[1]).lookupByName(sys.argv[2])
print(*sorted({os.readlink("/proc/self/fd/%d" % fd).split(":")[0] for fd in libvirt_lxc.lxcOpenNamespace(dom, 0)}))
`;

/** Calls that newer clients make in another form. */
const OLDER = `
import json, libvirt, sys
dom = libvirt.open(sys.argv[1]).lookupByName(sys.argv[2])
said = {}
libvirt.registerErrorHandler(lambda *args: None, None)
dom.setSchedulerParameters({"cpu_shares": 512})
parameters = dom.schedulerParameters()
said["shares"], said["quota"] = parameters["cpu_shares"], parameters["vcpu_quota"]
said["errors"] = dom.blockStats("")[4]
said["most"] = dom.maxMemory()
dom.setMemory(25000)
try:
    dom.setMaxMemory(30000)
except libvirt.libvirtError as error:
    said["setMaxMemory"] = str(error)
dom.attachDevice(sys.argv[3])
said["plugged"] = "type='misc'" in dom.XMLDesc()
dom.detachDevice(sys.argv[3])
said["pulled"] = "type='misc'" not in dom.XMLDesc()
print(json.dumps(said))
`;

/** A device that every kernel has, by a name that no container has it by. */
const miscXml = (path: string) =>
  `<hostdev mode='capabilities' type='misc'><source><char>${path}</char></source></hostdev>`;

/** What can be attached to a container that runs, and what the container has of it then. `misc` is a device's path. */
const plugs = (misc: string): Readonly<Record<string, { xml: string; look: readonly string[]; sees: RegExp }>> => ({
  card: {
    xml: `<interface type='bridge'><mac address='52:54:00:6b:00:02'/><source bridge='br0'/>
      <ip address='192.0.2.3' prefix='24'/></interface>`,
    look: ["ip", "-o", "addr", "show", "dev", "eth1"],
    sees: /192\.0\.2\.3\/24/,
  },
  misc: { xml: miscXml(misc), look: ["stat", "-c", "%F", misc], sees: /character special file/ },
  network: {
    xml: "<interface type='network'><mac address='52:54:00:6b:00:03'/><source network='lan'/></interface>",
    look: ["ip", "-o", "link", "show", "dev", "eth2"],
    sees: /eth2/,
  },
  lent: {
    xml: "<hostdev mode='capabilities' type='net'><source><interface>lend0</interface></source></hostdev>",
    look: ["ip", "-o", "link", "show", "dev", "lend0"],
    sees: /lend0/,
  },
});

testWith("a container's network, limits and devices, while it runs and after a daemon was killed", NEEDS, async (t) => {
  const network = await PrivateNetwork.make();
  const onHost = (command: string, ...args: readonly string[]) =>
    outputOf(network.wrapper[0] ?? "", [...network.wrapper.slice(1), command, ...args]);
  const links = async () =>
    (JSON.parse(await onHost("ip", "-json", "link")) as { readonly ifname: string }[]).map(({ ifname }) => ifname);
  await onHost("ip", "link", "add", "br0", "type", "bridge");
  await onHost("ip", "address", "add", "192.0.2.1/24", "dev", "br0");
  await onHost("ip", "link", "set", "br0", "up");
  await onHost("ip", "link", "add", "lend0", "type", "veth", "peer", "name", "lend1");
  const before = await links();
  const daemon = new Polyvisord(await mkdtemp(join(tmpdir(), "container-devices-")), network.wrapper);
  await daemon.settings(
    `plugins = [ "${join(project, "examples/network-bridge")}" ]\nnetwork_driver = "network-bridge"\n`,
  );
  await daemon.start();
  const virsh = new Virsh(daemon.uri("lxc"));
  try {
    const misc = join(daemon.root, "misc");
    await outputOf("mknod", [misc, "c", "1", "7"]);
    const devices = plugs(misc);
    const root = await makeRoot(join(daemon.root, "root"));
    await virsh.define(containerXml({ name: NAME, root, devices: CARD }));
    const lan = join(daemon.root, "lan.xml");
    await writeFile(lan, LAN);
    await virsh.ok("net-define", lan);
    await virsh.ok("net-start", "lan");
    const ports = async () =>
      (await virsh.ok("net-port-list", "lan", "--uuid")).trim().split(/\s+/).filter(Boolean).length;
    await virsh.ok("start", NAME);
    const init = await initOf(join(daemon.root, `run/libvirt/lxc/${NAME}.container`));
    const inside = (...words: readonly string[]) =>
      outputOf("nsenter", ["--target", init, "--mount", "--net", "--root", "/bin/busybox", ...words]);
    t.regex(await inside("ip", "-o", "addr", "show", "dev", "eth0"), /192\.0\.2\.2\/24/);
    t.regex(await virsh.ok("domiflist", NAME), /vnet0\s+bridge\s+br0/);
    t.regex(await virsh.ok("domifstat", NAME, "vnet0"), /^vnet0 rx_bytes \d+$/m);

    await virsh.ok("schedinfo", NAME, "--live", "--set", "vcpu_quota=50000");
    t.regex(await virsh.ok("schedinfo", NAME), /vcpu_quota +: 50000$/m);
    await virsh.ok("memtune", NAME, "--live", "--config", "--hard-limit", "30000");
    t.regex(await virsh.ok("memtune", NAME), /hard_limit +: 30000$/m);
    t.regex(await virsh.ok("memtune", NAME, "--config"), /hard_limit +: 30000$/m);
    await virsh.ok("setmem", NAME, "20000", "--live");
    t.regex(await virsh.ok("memtune", NAME), /hard_limit +: 20000$/m);
    t.regex(await virsh.fails("setmem", NAME, "99999999", "--live"), /Cannot set memory higher than max memory/);
    t.regex(await virsh.ok("dommemstat", NAME), /^actual 20000$[\s\S]*^rss \d+$/m);
    t.regex(await virsh.ok("cpu-stats", NAME, "--total"), /cpu_time +0\.\d+ seconds/);
    t.regex(await virsh.ok("blkiotune", NAME, "--config"), /weight +: 0/);
    await virsh.ok("blkiotune", NAME, "--config", "--device-read-bytes-sec", "/dev/loop0,4096");
    t.regex(await virsh.ok("blkiotune", NAME, "--config"), /device_read_bytes_sec: \/dev\/loop0,4096/);
    await virsh.ok("domblkstat", NAME, "");
    t.regex(await virsh.ok("domifaddr", NAME, "--source", "arp"), /Address/);
    t.regex(await virsh.fails("domhostname", NAME), /no hostname found for domain/);

    t.is(await virsh.ok("lxc-enter-namespace", NAME, "/bin/hostname"), NAME);
    t.is((await outputOf(PYTHON, ["-c", NAMESPACES, virsh.uri, NAME])).trim(), "ipc mnt net pid user uts");
    t.deepEqual(JSON.parse(await outputOf(PYTHON, ["-c", OLDER, virsh.uri, NAME, miscXml(misc)])), {
      shares: 512,
      quota: 50000,
      errors: -1,
      most: 32768,
      setMaxMemory: "Requested operation is not valid: Cannot resize the max memory on an active domain",
      plugged: true,
      pulled: true,
    });

    for (const [what, { xml, look, sees }] of Object.entries(devices)) {
      const file = join(daemon.root, `${what}.xml`);
      await writeFile(file, xml);
      await virsh.ok("attach-device", NAME, file, "--live", "--config");
      t.regex(await inside(...look), sees, what);
    }
    t.is(await ports(), 1, "the network knows its guest");
    const card = join(daemon.root, "card.xml");
    t.regex(await virsh.fails("update-device", NAME, card, "--live"), /Unable to modify live devices/);
    await virsh.ok("update-device", NAME, card, "--config");
    for (const [what, { look }] of Object.entries(devices)) {
      if (what === "card") continue;
      await virsh.ok("detach-device", NAME, join(daemon.root, `${what}.xml`), "--live", "--config");
      await t.throwsAsync(inside(...look), undefined, `${what} is gone`);
    }
    t.is(await ports(), 0, "the network has its port back");
    await virsh.ok("attach-device", NAME, join(daemon.root, "network.xml"), "--live");
    t.true((await links()).includes("lend0"), "the host's card is back");
    t.false((await virsh.ok("dumpxml", NAME, "--inactive")).includes(misc));
    t.regex(await virsh.ok("dumpxml", NAME), /<target dev='vnet1'\/>/, "the other card is there still");

    const native = join(daemon.root, "native.conf");
    await writeFile(native, "lxc.uts.name = other\nlxc.rootfs.path = /srv/other\n");
    t.regex(await virsh.ok("domxml-from-native", "lxc-tools", native), /<name>other<\/name>/);
    t.regex(await virsh.fails("domxml-from-native", "other", native), /unsupported config type other/);

    await daemon.end("SIGKILL");
    t.true(await isRunning(Number(init)), "the container survives");
    await daemon.start();
    t.regex(await virsh.ok("domifstat", NAME, "vnet1"), /^vnet1 tx_packets \d+$/m);
    await virsh.ok("destroy", NAME);
    t.is(await ports(), 0, "and again");
    await virsh.ok("net-destroy", "lan");
    t.deepEqual((await links()).sort(), [...before].sort(), "nothing is left of its network");
    await until("the container's folder is gone", async () => {
      const files = await readdir(join(daemon.root, "run/libvirt/lxc"));
      return !files.some((file) => file.startsWith(NAME));
    });
    t.false((await readFile("/proc/mounts", "utf8")).includes(daemon.root), "no namespace is pinned");
  } finally {
    await virsh.run("destroy", NAME);
    await daemon.dispose();
    network.close();
  }
});

/** The container's first process, by what the engine has said of it. */
async function initOf(folder: string): Promise<string> {
  const { pid } = JSON.parse(await readFile(join(folder, "engine/container/status"), "utf8")) as {
    readonly pid: number;
  };
  return `${pid}`;
}
