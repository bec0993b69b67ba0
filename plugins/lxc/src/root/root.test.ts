import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import { parseDomain } from "@polyvisor/sdk/conf/domain";
import { runHelper } from "@polyvisor/sdk/process";
import test from "ava";
import { checkRoot, checkRootDevice, rootOf } from "./check.js";
import { looksAt, overlayLayers, rootFacts } from "./inspect.js";
import { idIn } from "./users.js";

const REFUSED = "the root file system of the container is the host's own";

/** What the commands tell of a folder, with descriptor 3 in place of the output. */
async function toldOf(folder: string): Promise<string> {
  return (await runHelper(["/bin/sh", "-c", `exec 3>&1\n${looksAt(folder)}\necho "$*"`, "sh", "a", "b"])).stdout;
}

test("a folder is refused that is the host's root, whatever leads there", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-root-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const own = join(folder, "it's own");
  await mkdir(own);
  await symlink(own, join(folder, "link"));
  await symlink("/", join(folder, "hosts"));
  for (const [name, path] of [
    ["it's own", own],
    ["link", own],
  ] as const) {
    const told = await toldOf(join(folder, name));
    t.true(told.endsWith("a b\n"));
    const facts = await rootFacts(name, told.slice(0, -"a b\n".length));
    t.deepEqual(facts, { path, isHosts: false });
    t.notThrows(() => checkRoot(facts));
  }
  for (const name of ["/", "/usr/..", join(folder, "hosts")]) {
    const told = await toldOf(name);
    const facts = await rootFacts(name, told.slice(0, -"a b\n".length));
    t.true(facts.isHosts);
    t.throws(() => checkRoot(facts), { message: new RegExp(REFUSED) });
  }
  t.throws(() => checkRoot({ path: "/", isHosts: false }), { instanceOf: VirtError });
  await writeFile(join(folder, "file"), "");
  for (const [name, words] of [
    ["nowhere", "No such file or directory"],
    ["file", "Not a directory"],
  ] as const) {
    const told = await toldOf(join(folder, name));
    const failure = await t.throwsAsync(rootFacts(name, told.slice(0, -"a b\n".length)), { instanceOf: VirtError });
    t.true(failure?.message.includes(`Failed to access '${name}': ${words}`));
  }
  t.notThrows(() => checkRootDevice(1793, 65024));
  t.throws(() => checkRootDevice(65024, 65024));
});

test("the layers of an overlay are found where the folder is its top", (t) => {
  const line = (root: string, point: string, options: string) =>
    `36 25 0:50 ${root} ${point} rw,relatime shared:1 - overlay overlay rw,${options}`;
  const mounts = [
    "25 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
    line("/", "/srv/c\\0401", "lowerdir=/base:/,upperdir=/up,workdir=/work"),
    line("/etc", "/srv/etc", "lowerdir=/,upperdir=/up"),
  ].join("\n");
  t.deepEqual(overlayLayers(mounts, "/srv/c 1"), ["/base", "/", "/up"]);
  t.deepEqual(overlayLayers(mounts, "/srv/etc"), []);
  t.deepEqual(overlayLayers(mounts, "/"), []);
});

test("a container without a root of its own has the host's, and is refused", (t) => {
  const xml = (devices: string) =>
    `<domain type='lxc'><name>c</name><memory>1</memory><os><type>exe</type><init>/bin/sh</init></os><devices>${devices}</devices></domain>`;
  const read = (devices: string) => parseDomain(xml(devices), { hooks: { defaultArch: "x86_64" } });
  const root = "<filesystem><source dir='/srv/c'/><target dir='/'/></filesystem>";
  t.is(rootOf(read(root)).target, "/");
  const error = t.throws(() => rootOf(read(root.replace("dir='/'", "dir='/srv'"))), { instanceOf: VirtError });
  t.is(error?.code, "CONFIG_UNSUPPORTED");
});

test("users and groups are those of the container", (t) => {
  t.is(idIn("root:x:0:0::/:/bin/sh\nweb:x:33:44::/:/bin/sh\n", "web", "user"), 33);
  t.is(idIn("root:x:0:\nwww:x:44:web\n", "www", "group"), 44);
  t.throws(() => idIn("root:x:0:0::/:/bin/sh\n", "web", "user"), { message: /Unable to find user 'web'/ });
});
