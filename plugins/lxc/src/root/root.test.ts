import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import { type Domain as Config, parseDomain } from "@polyvisor/sdk/conf/domain";
import { runHelper } from "@polyvisor/sdk/process";
import test, { type ExecutionContext } from "ava";
import { checkRoot, checkRootDevice, rootOf } from "./check.js";
import { checkInit, looksForInit } from "./init.js";
import { looksAt, overlayLayers, type RootFacts, rootFacts } from "./inspect.js";
import { idIn } from "./users.js";

const REFUSED = "the root file system of the container is the host's own";

function read(devices: string, init = "/bin/sh"): Config {
  const xml = `<domain type='lxc'><name>c</name><memory>1</memory><os><type>exe</type><init>${init}</init></os><devices>${devices}</devices></domain>`;
  return parseDomain(xml, { hooks: { defaultArch: "x86_64" } });
}

/** What the commands tell of a folder, with descriptor 3 in place of the output. */
async function toldOf(folder: string, inside = "echo inside >&3"): Promise<string> {
  const script = `exec 3>&1\n${looksAt(folder, inside)}\n[ "$*" = "a b" ] && [ "$PWD" = / ] || echo changed`;
  return (await runHelper(["/bin/sh", "-c", script, "sh", "a", "b"])).stdout;
}

async function factsOf(folder: string): Promise<RootFacts> {
  return rootFacts(folder, await toldOf(folder));
}

async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-root-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

test("a folder is refused that is the host's root, whatever leads there", async (t) => {
  const folder = await temporaryFolder(t);
  const own = join(folder, "it's\nown");
  await mkdir(own);
  await symlink(own, join(folder, "link"));
  await symlink("/", join(folder, "hosts"));
  for (const name of [own, join(folder, "link")]) {
    const facts = await factsOf(name);
    t.deepEqual(facts, { path: own, isHosts: false, inside: "inside" });
    t.notThrows(() => checkRoot(facts));
  }
  for (const name of ["/", "/usr/..", join(folder, "hosts")]) {
    const facts = await factsOf(name);
    t.throws(() => checkRoot(facts), { message: new RegExp(REFUSED) });
  }
  t.throws(() => checkRoot({ path: "/", isHosts: false }), { instanceOf: VirtError });
  await writeFile(join(folder, "file"), "");
  for (const [name, words] of [
    ["nowhere", "No such file or directory"],
    ["file", "Not a directory"],
  ] as const) {
    const path = join(folder, name);
    const failure = await t.throwsAsync(factsOf(path), { instanceOf: VirtError });
    t.true(failure?.message.includes(`Failed to access '${path}': ${words}`));
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

test("an init is looked for in the container, and what is mounted there may hold it", async (t) => {
  const folder = await temporaryFolder(t);
  for (const name of ["usr/bin", "opt", "empty"]) await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, "usr/bin/init"), "", { mode: 0o755 });
  await writeFile(join(folder, "usr/bin/text"), "", { mode: 0o644 });
  const links = {
    bin: "usr/bin",
    "opt/absolute": "/usr/bin/init",
    "opt/out": "../../../../usr/bin/init",
    "opt/host": "/bin/sh",
    "opt/broken": "nothing",
    "opt/round": "round",
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(folder, name));
  const rows: [init: string, wrong: string | undefined][] = [
    ["/usr/bin/init", undefined],
    ["//bin/../bin/./init", undefined],
    ["/opt/absolute", undefined],
    ["/opt/out", undefined],
    ["relative", undefined],
    ["/opt/host", "No such file or directory"],
    ["/opt/broken", "No such file or directory"],
    ["/bin/it's", "No such file or directory"],
    ["/usr/bin/init/more", "No such file or directory"],
    ["/opt/round", "Too many levels of symbolic links"],
    ["/usr/bin/text", "Permission denied"],
    ["/bin", "Is a directory"],
    ["/", "Is a directory"],
    ["/empty/srv/init", undefined],
    ["/proc/1/exe", undefined],
  ];
  const devices = `<filesystem><source dir='${folder}'/><target dir='/'/></filesystem>
    <filesystem type='ram'><source usage='64'/><target dir='/empty/srv'/></filesystem>`;
  for (const [init, wrong] of rows) {
    const config = read(devices, init);
    const look = async (exact: boolean) =>
      (await rootFacts(folder, await toldOf(folder, looksForInit(config, { exact })))).inside;
    const check = (inside: string) => checkInit(config, inside);
    const exact = await look(true);
    if (wrong === undefined) t.notThrows(() => check(exact), init);
    else
      t.throws(
        () => check(exact),
        {
          message: `internal error: guest failed to start: cannot find init path '${init}' relative to container root: ${wrong}`,
        },
        init,
      );
    t.true([exact, "found"].includes(await look(false)), init);
  }
});
