import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./harness/command.js";
import { idleXml } from "./harness/guest-xml.js";
import {
  AS_NOBODY,
  hypervisor,
  networkNamespaces,
  privateMounts,
  program,
  readableTree,
  testWith,
} from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { PrivatePlace } from "./harness/private-place.js";
import { endProcessesNaming, processesNaming, until } from "./harness/processes.js";
import { project } from "./harness/project.js";
import { Virsh } from "./harness/virsh.js";

const HYPERVISOR = await hypervisor();
const MOUNTS = [await program("virsh"), await program("libvirtd"), await program("nsenter"), await privateMounts()];
const NETWORK = [...HYPERVISOR, await program("ip"), await networkNamespaces()];
const SESSION = [...HYPERVISOR, await program("setpriv"), await readableTree()];
const NOBODY = 65534;
const UUID = "6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f31";

const npx = (...args: readonly string[]) => runCommand("npx", ["--no-install", ...args], { cwd: project });

testWith("the commands work at the root of the tree", [], (t) =>
  withPolyvisord(async (daemon) => {
    const plugins = await npx("polyvisord", "--plugins");
    t.is(plugins.code, 0, plugins.stderr);
    t.regex(plugins.stdout, /^test +\d+\.\d+\.\d+ +hypervisor\.v1 +test +.* ok/m);
    t.regex(plugins.stdout, /^qemu +\d+\.\d+\.\d+ +hypervisor\.v1 +qemu +/m);

    const polyvisor = (...args: readonly string[]) =>
      npx("polyvisor", "--root", daemon.root, "-c", "test:///default", ...args);
    t.regex((await polyvisor("list", "--all")).stdout, /\btest\b.*\brunning\b/);
    t.regex((await polyvisor("dumpxml", "test")).stdout, /^<domain type='test' id='1'>/);
    const stop = await polyvisor("stop", "nobody");
    t.not(stop.code, 0);
    t.regex(stop.stderr, /Domain not found/);
  }),
);

testWith(
  "--as-libvirt is refused while a libvirtd serves, and then takes its place for unchanged URIs",
  MOUNTS,
  async (t) => {
    const daemon = [process.execPath, join(project, "daemon/bin/polyvisord.js"), "--as-libvirt"] as const;
    const place = new PrivatePlace();
    try {
      await place.ready();
      const libvirtd = await place.serve("libvirtd");
      const refused = await place.run(...daemon);
      t.not(refused.code, 0);
      t.regex(refused.stderr + refused.stdout, /already runs here|libvirtd/);
      t.is((await place.run("virsh", "-c", "qemu:///system", "list")).code, 0, "libvirtd is not disturbed");
      await place.end(libvirtd);

      const polyvisord = await place.serve(...daemon);
      const outcome = await place.run("virsh", "-c", "qemu:///system", "uri");
      t.is(outcome.stdout.trim(), "qemu:///system");
      t.is((await place.run("cat", "/run/libvirtd.pid")).stdout.trim(), String(polyvisord.pid));
      await place.end(polyvisord);
    } finally {
      place.close();
    }
  },
);

testWith("a guest's network card hangs on a bridge, and leaves nothing behind", NETWORK, (t) => {
  const bridge = 'ip link set lo up; ip link add name br0 type bridge; ip link set br0 up; exec "$@"';
  return withPolyvisord(
    async (daemon) => {
      const virsh = new Virsh(daemon.uri("qemu"));
      const inside = async (...args: readonly string[]) =>
        (await runCommand("nsenter", ["--target", String(daemon.pid), "--net", "ip", ...args])).stdout;
      const card =
        "<interface type='bridge'><mac address='52:54:00:12:34:56'/><source bridge='BRIDGE'/><model type='virtio'/></interface>";
      const xml = (name: string) =>
        idleXml("bridged", "qemu", UUID).replace("</devices>", `${card.replace("BRIDGE", name)}</devices>`);

      await virsh.define(xml("br0"));
      await virsh.ok("start", "bridged");
      t.regex(await virsh.ok("domiflist", "bridged"), /^ vnet0 +bridge +br0 +virtio +52:54:00:12:34:56$/m);
      const link = await inside("-o", "link", "show", "master", "br0");
      t.regex(link, /\bvnet0: .*\bUP\b/);
      // libvirt's rule: the card's own address with the first byte fe, so that the bridge never takes it for its own.
      t.regex(link, /\blink\/ether fe:54:00:12:34:56\b/);
      await virsh.ok("destroy", "bridged");
      t.is(await inside("-o", "link", "show", "master", "br0"), "");

      await virsh.define(xml("nobridge"));
      t.regex(await virsh.fails("start", "bridged"), /Cannot get interface MTU on 'nobridge': No such device/);
      t.notRegex(await inside("-o", "link"), /vnet/);
    },
    ["unshare", "--net", "sh", "-c", bridge, "sh"],
  );
});

testWith("a user's own daemon keeps to the user's folders", SESSION, async (t) => {
  const home = await mkdtemp(join(tmpdir(), "home-"));
  await chown(home, NOBODY, NOBODY);
  const [command, ...args] = [...AS_NOBODY, process.execPath, join(project, "daemon/bin/polyvisord.js")];
  const env = { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  const daemon = spawn(command, args, { cwd: home, env, stdio: "ignore" });
  try {
    const virsh = new Virsh(`qemu+unix:///session?socket=${home}/run/polyvisor/libvirt-sock`);
    await until("the user's daemon serves", async () => (await virsh.run("list")).code === 0);
    await virsh.define(idleXml("owned", "qemu", UUID));
    await virsh.ok("start", "owned");
    const guests = await processesNaming(home);
    const owners = await Promise.all(guests.map(async (pid) => (await stat(`/proc/${pid}`)).uid));
    t.true(guests.length > 0);
    t.true(owners.every((uid) => uid === NOBODY));
    t.deepEqual(await readdir(join(home, ".config/polyvisor/qemu")).then((names) => names.includes("owned.xml")), true);
    await virsh.ok("destroy", "owned");
    const system = new Virsh(virsh.uri.replace("session", "system"));
    t.regex(await system.fails("list"), /unexpected qemu URI path '\/system', try qemu:\/\/\/session/i);
  } finally {
    daemon.kill("SIGKILL");
    await endProcessesNaming(home);
    await rm(home, { recursive: true, force: true });
  }
});

testWith("npm start serves below the folder that it is given", [], async (t) => {
  const root = await mkdtemp(join(tmpdir(), "started-"));
  const npm = spawn("npm", ["start", "--", "--root", root], { cwd: project, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  npm.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  try {
    await until("npm start tells how to connect", () => said.includes(join(root, "run/libvirt/libvirt-sock")), 120_000);
    const list = await npx("polyvisor", "--root", root, "-c", "test:///default", "list");
    t.regex(list.stdout, /\btest\b.*\brunning\b/);
    const exited = once(npm, "exit");
    npm.kill("SIGTERM");
    await exited;
  } finally {
    npm.kill("SIGKILL");
    await rm(root, { recursive: true, force: true });
  }
});
