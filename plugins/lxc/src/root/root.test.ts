import { VirtError } from "@polyvisor/core";
import { parseDomain } from "@polyvisor/sdk/conf/domain";
import test from "ava";
import { checkRoot, checkRootDevice, rootOf } from "./check.js";
import { inspectRoot, overlayLayers, type RootFacts } from "./inspect.js";
import { idIn } from "./users.js";

const OWN: RootFacts = { path: "/srv/c1", identity: "65024:77", hostRoots: ["65024:2", "65024:2"], layers: [] };
const REFUSED = "the root file system of the container is the host's own";

test("a folder is refused that is the host's root, whatever leads there", async (t) => {
  t.notThrows(() => checkRoot(OWN));
  t.notThrows(() => checkRoot({ ...OWN, layers: ["65024:78", "65024:79"] }));
  const refused: Partial<RootFacts>[] = [
    { path: "/" },
    { identity: "65024:2" },
    { identity: "0:5", hostRoots: ["65024:2", "0:5"] },
    { layers: ["65024:78", "65024:2"] },
  ];
  for (const each of refused) {
    const error = t.throws(() => checkRoot({ ...OWN, ...each }), { instanceOf: VirtError });
    t.true(error?.message.includes(REFUSED));
  }
  t.notThrows(() => checkRootDevice(1793, 65024));
  t.throws(() => checkRootDevice(65024, 65024));
  t.throws(() => checkRoot({ ...OWN, path: "/" }));
  const host = await inspectRoot("/usr/..");
  t.throws(() => checkRoot(host));
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
