import { parseDomain } from "@polyvisor/sdk/conf/domain";
import test from "ava";
import { lxcCapabilities } from "../conf/capabilities.js";
import { lxcHooks } from "../conf/hooks.js";
import { planFilesystems } from "../filesystems/plan.js";
import { type BundleFacts, bundleOf } from "./bundle.js";
import { boundingSet, processCapabilities } from "./capabilities.js";

const FACTS = {
  arch: "x86_64",
  pageSizes: [],
  nodes: [],
  interconnects: [],
  caches: [],
  iommu: false,
  resctrl: undefined,
} as unknown as Parameters<typeof lxcCapabilities>[0]["facts"];
const hooks = lxcHooks(lxcCapabilities({ facts: FACTS, emulator: "/shim" }));
const ALL = (1n << 40n) - 1n;

function configOf(more: string, devices = "") {
  const root = "<filesystem><source dir='/srv/c'/><target dir='/'/></filesystem>";
  const os = "<os><type>exe</type><init>/sbin/init</init><initarg>-v</initarg><cmdline>a b</cmdline></os>";
  const xml = `<domain type='lxc'><name>c.one</name><memory>1024</memory>${os}${more}<devices>${root}${devices}</devices></domain>`;
  return parseDomain(xml, { hooks });
}

function bundle(more = "", facts: Partial<BundleFacts> = {}, devices = "") {
  const config = configOf(more, devices);
  return bundleOf(config, {
    filesystems: planFilesystems(config, "/run/c"),
    user: { uid: 0, gid: 0 },
    network: "host",
    shared: [],
    cgroupsPath: "/machine/lxc-7-cone.libvirt-lxc",
    resources: {},
    devices: [],
    nodes: [],
    furtherTerminals: [],
    lxcfs: undefined,
    capabilities: ALL,
    startedFile: "/run/c/started",
    ...facts,
  });
}

test("init, its environment and its name come from the document", (t) => {
  const { process, hostname, root } = bundle();
  t.deepEqual(process.args, ["/sbin/init", "-v"]);
  t.is(hostname, "c");
  t.deepEqual(root, { path: "/srv/c", readonly: false });
  for (const word of ["LIBVIRT_LXC_NAME=c.one", "container=lxc-libvirt", "LIBVIRT_LXC_CMDLINE=a b"]) {
    t.true(process.env.includes(word), word);
  }
});

test("namespaces are its own but for those that it shares", (t) => {
  const types = (facts: Partial<BundleFacts>, more = "") =>
    bundle(more, facts).linux.namespaces.map(({ type, path }) => (path === undefined ? type : `${type}=${path}`));
  t.deepEqual(types({}), ["pid", "mount", "ipc", "uts", "cgroup"]);
  t.deepEqual(types({ network: { path: "/n" } }).at(-1), "network=/n");
  const shared = types({ shared: [{ type: "uts", path: "/proc/9/ns/uts" }] });
  t.deepEqual(shared, ["pid", "mount", "ipc", "cgroup", "uts=/proc/9/ns/uts"]);
  const map = "<idmap><uid start='0' target='1000' count='10'/><gid start='0' target='2000' count='10'/></idmap>";
  t.true(types({}, map).includes("user"));
  t.deepEqual(bundle(map).linux.uidMappings, [{ containerID: 0, hostID: 1000, size: 10 }]);
});

test("file systems are mounted as the document says", (t) => {
  const devices = `<filesystem type='ram'><source usage='64' units='KiB'/><target dir='/r'/></filesystem>
    <filesystem type='mount'><source dir='/data'/><target dir='/d'/><readonly/></filesystem>
    <filesystem type='file'><driver type='loop' format='raw'/><source file='/i m g'/><target dir='/f'/></filesystem>`;
  const config = configOf("", devices);
  const plan = planFilesystems(config, "/run/c");
  t.deepEqual(plan.mounts, [
    { destination: "/r", type: "tmpfs", source: "tmpfs", options: ["size=64k", "nosuid", "rw"] },
    { destination: "/d", type: "bind", source: "/data", options: ["rbind", "ro"] },
    { destination: "/f", type: "bind", source: "/run/c/fs2", options: ["rbind", "rw"] },
  ]);
  t.deepEqual(plan.setUp, ["mkdir -p '/run/c/fs2'", "mount -t auto -o rw,loop -- '/i m g' '/run/c/fs2'"]);
});

test("capabilities go by policy and state, and nobody gives what he has not", (t) => {
  const of = (policy: "default" | "allow" | "deny", states = {}, ours = ALL) =>
    processCapabilities({ policy, states }, ours);
  t.false(of("default").includes("CAP_MKNOD"));
  t.true(of("default").includes("CAP_SYS_BOOT"));
  t.true(of("default", { mknod: "on" }).includes("CAP_MKNOD"));
  t.true(of("allow").includes("CAP_SYS_TIME"));
  t.false(of("allow", { kill: "off" }).includes("CAP_KILL"));
  t.deepEqual(of("deny", { chown: "on" }), ["CAP_CHOWN"]);
  t.deepEqual(of("allow", {}, 1n), ["CAP_CHOWN"]);
  t.is(boundingSet("Name:\tx\nCapBnd:\t00000000000000ff\n"), 255n);
});
