import { DOMAIN_STATE, parseUri } from "@polyvisor/core";
import test from "ava";
import { packedVersion } from "./handlers/host.js";
import { virtualKeys } from "./handlers/keys.js";
import { pixmapOf } from "./handlers/screen.js";
import { keyIn, pathOf } from "./machine/paths.js";
import { stateOf } from "./machine/states.js";
import { parseHypervUri } from "./uri.js";
import { quoted } from "./wmi/wql.js";

test("what URIs say", (t) => {
  const read = (uri: string) => parseHypervUri(parseUri(uri));
  t.like(read("hyperv://admin@host/"), { user: "admin", host: "host", port: 5986, secure: true, verify: true });
  t.like(read("hyperv://host/?transport=http"), {
    port: 5985,
    secure: false,
    canonical: "hyperv://host:5985/?transport=http",
  });
  t.like(read("hyperv://host:81/?no_verify=1&authfile=/a"), { port: 81, verify: false, authFile: "/a" });
  for (const [uri, words] of [
    ["hyperv:///", /names no host/],
    ["hyperv://h/?transport=ftp", /unexpected value 'ftp' \(should be http\|https\)/],
    ["hyperv://h/?no_verify=yes", /unexpected value 'yes' \(should be 0 or 1\)/],
  ] as const)
    t.regex(t.throws(() => read(uri), { code: "INVALID_ARG" })?.message ?? "", words);
});

test("versions are packed as libvirt packs them", (t) => {
  t.is(packedVersion("10.0.17763"), 1_000_017_763);
  t.is(packedVersion("6.3.9600"), 603_009_600);
  t.throws(() => packedVersion("10"), { message: /Could not parse version/ });
});

test("paths of objects are written and read", (t) => {
  const id = "Microsoft:A\\0";
  const path = pathOf("HOST", "Msvm_X", { CreationClassName: "Msvm_X", InstanceID: id });
  t.is(path, '\\\\HOST\\Root\\Virtualization\\V2:Msvm_X.CreationClassName="Msvm_X",InstanceID="Microsoft:A\\\\0"');
  t.is(keyIn(path, "InstanceID"), id);
  t.is(keyIn(path.replaceAll('"', '\\"'), "CreationClassName"), "Msvm_X");
  t.is(keyIn("", "InstanceID"), undefined);
});

test("texts in queries", (t) => t.is(quoted("it's \\ here"), "'it\\'s \\\\ here'"));

test("states", (t) => {
  t.like(stateOf(32774), { state: DOMAIN_STATE.SHUTDOWN, isActive: true, isChanging: true });
  t.like(stateOf(32769), { state: DOMAIN_STATE.SHUTOFF, isActive: false });
  t.like(stateOf(1234), { state: DOMAIN_STATE.NOSTATE, isActive: false });
});

test("keys", (t) => {
  t.deepEqual(virtualKeys(0, [30, 44, 1, 57]), [0x41, 0x5a, 0x1b, 0x20]);
  t.throws(() => virtualKeys(0, [0]), { code: "INVALID_ARG" });
  t.throws(() => virtualKeys(8, [256]), { code: "INVALID_ARG" });
});

test("pictures", (t) => {
  const pixels = Buffer.from([0x00, 0xf8, 0xe0, 0x07, 0x1f, 0x00, 0xff, 0xff]);
  const picture = pixmapOf({ width: 2, height: 2 }, pixels);
  t.is(picture.toString("latin1", 0, 11), "P6\n2 2\n255\n");
  t.deepEqual([...picture.subarray(11)], [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]);
  t.throws(() => pixmapOf({ width: 2, height: 3 }, pixels), { message: /shorter than the screen/ });
});
