import { mkdtemp, readFile, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BackingStore, type Domain, parseDomain } from "@polyvisor/sdk/conf/domain";
import { closeDescriptor, runHelper } from "@polyvisor/sdk/process";
import test from "ava";
import { FileLog } from "../log/file-log.js";
import { timestamp } from "../log/note.js";
import { withImageChains } from "./images.js";
import { PortAllocator } from "./ports.js";
import { readQcow2Header } from "./qcow2.js";
import { createTap } from "./tap.js";

const [hasQemuImg, hasIp] = await Promise.all([
  hasProgram("qemu-img", "--version"),
  hasProgram("ip", "link", "show", "lo"),
]);
const withQemuImg = hasQemuImg ? test : test.skip;
const withBridge = hasIp && process.getuid?.() === 0 ? test : test.skip;

async function hasProgram(...argv: [string, ...string[]]): Promise<boolean> {
  return runHelper(argv).then(
    ({ status }) => status === 0,
    () => false,
  );
}

let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "polyvisor-start-"));
});
test.after.always(() => rm(folder, { recursive: true }));

async function image(name: string, ...args: string[]): Promise<string> {
  const path = join(folder, name);
  const { status, stderr } = await runHelper(["qemu-img", "create", "-q", ...args, path, "1M"]);
  if (status !== 0) throw new Error(stderr);
  return path;
}

function guestWith(path: string, format: string, extra = ""): Domain {
  return parseDomain(`<domain type='qemu'><name>g</name><memory>1024</memory><os><type>hvm</type></os><devices>
    <disk type='file' device='cdrom'><driver name='qemu' type='${format}'/><source file='${path}' ${extra}/><target dev='sda' bus='sata'/></disk>
    </devices></domain>`);
}

const chainOf = async (config: Domain) => describe((await withImageChains(config)).devices.disks[0]?.backingStore);

function describe(store: BackingStore | undefined): string {
  if (store === undefined) return "?";
  if (store.kind === "end") return "end";
  const path = store.source.type === "file" ? store.source.path : "";
  return `${store.format} ${path?.slice(folder.length + 1)}, ${describe(store.backingStore)}`;
}

withQemuImg("the chain of images below a disk is found from their headers", async (t) => {
  const raw = await image("base.raw", "-f", "raw");
  const old = await image("old.qcow2", "-f", "qcow2", "-o", "compat=0.10", "-b", raw, "-F", "raw");
  await image("middle.qcow2", "-f", "qcow2", "-b", old, "-F", "qcow2");
  const top = await image("top.qcow2", "-f", "qcow2", "-b", "middle.qcow2", "-F", "qcow2");
  t.is(await chainOf(guestWith(top, "qcow2")), "qcow2 middle.qcow2, qcow2 old.qcow2, raw base.raw, end");
  t.is(await chainOf(guestWith(raw, "raw")), "end");
  t.is(await chainOf(guestWith(await image("alone.qcow2", "-f", "qcow2"), "qcow2")), "end");
});

withQemuImg("images that are missing, or say too little, are refused in libvirt's words", async (t) => {
  const base = await image("base2.qcow2", "-f", "qcow2");
  const top = await image("top2.qcow2", "-f", "qcow2", "-b", base, "-F", "qcow2");
  await rm(base);
  await t.throwsAsync(chainOf(guestWith(top, "qcow2")), {
    message: `Cannot access storage file '${base}': No such file or directory`,
  });
  await t.throwsAsync(chainOf(guestWith(join(folder, "none"), "raw")), {
    message: `Cannot access storage file '${join(folder, "none")}': No such file or directory`,
  });
  await t.throwsAsync(chainOf(guestWith(await image("raw.img", "-f", "raw"), "qcow2")), {
    message: /the header of image '.*raw.img' is not that of a qcow2 image/,
  });
  await image("base3.qcow2", "-f", "qcow2");
  const vague = await image("vague.qcow2", "-f", "qcow2", "-b", "base3.qcow2", "-F", "qcow2");
  await runHelper(["qemu-img", "rebase", "-u", "-b", "nbd://example.org/x", "-F", "raw", vague]);
  await t.throwsAsync(chainOf(guestWith(vague, "qcow2")), {
    message: /backing image 'nbd:\/\/example.org\/x' of '.*' is not a local file/,
  });
});

test("a removable drive may be empty when its image is gone", async (t) => {
  const config = await withImageChains(guestWith(join(folder, "none"), "raw", "startupPolicy='optional'"));
  t.deepEqual(config.devices.disks[0]?.source, { type: "file", startupPolicy: "optional" });
});

test("a header that lies leads nowhere", (t) => {
  const header = Buffer.alloc(512);
  header.writeUInt32BE(0x514649fb, 0);
  header.writeUInt32BE(3, 4);
  header.writeUInt32BE(104, 100);
  t.deepEqual(readQcow2Header(header), {});
  header.writeBigUInt64BE(400n, 8);
  header.writeUInt32BE(200, 16);
  t.is(readQcow2Header(header), undefined);
  header.writeUInt32BE(2000, 16);
  t.is(readQcow2Header(header), undefined);
  header.writeUInt32BE(4, 16);
  header.write("base", 400);
  t.deepEqual(readQcow2Header(header), { backingFile: "base" });
  header.writeUInt32BE(0xe2792aca, 104);
  header.writeUInt32BE(0xffffffff, 108);
  t.deepEqual(readQcow2Header(header), { backingFile: "base" });
  header.writeUInt32BE(9, 4);
  t.is(readQcow2Header(header), undefined);
  t.is(readQcow2Header(Buffer.alloc(10)), undefined);
});

test("a port that somebody listens on is passed over, and none is given twice", async (t) => {
  const ports = new PortAllocator();
  const first = (await ports.display()) ?? 0;
  ports.release([first]);
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(first, "127.0.0.1", resolve));
  const others = await Promise.all([ports.display(), ports.display(), ports.display()]);
  server.close();
  t.is(new Set([first, ...others]).size, 4);
  ports.release(others.map(Number));
  ports.reserve(first);
  t.not(await ports.display(), first);
});

test("the log has the command line, and gives the emulator's last words", async (t) => {
  const path = join(folder, "log", "g.log");
  for (const round of [1, 2]) {
    const log = await FileLog.open(path);
    await log.note({
      version: "0",
      qemuVersion: "7.2.22",
      env: { LC_ALL: "C" },
      argv: ["/usr/bin/qemu", "-name", "it's", "-S", "-m", "64"],
    });
    await runHelper([
      "/bin/sh",
      "-c",
      `echo 'char device redirected to /dev/pts/1 (label x)' >>${path}; echo "last ${round}" >>${path}`,
    ]);
    t.is(await log.lastWords(), `last ${round}`);
    await log.close();
  }
  const text = await readFile(path, "utf8");
  t.regex(text, /starting up polyvisor version: 0, qemu version: 7\.2\.22, kernel: /);
  t.true(text.includes("LC_ALL=C \\\n/usr/bin/qemu \\\n-name 'it'\\''s' \\\n-S \\\n-m 64\n"));
  t.regex(timestamp(new Date(0)), /^1970-01-01 00:00:00\.000\+0000$/);
});

withBridge("as root, a tap joins its bridge and goes with its descriptor", async (t) => {
  const bridge = `pvt${process.pid}`;
  t.is((await runHelper(["ip", "link", "add", bridge, "type", "bridge"])).status, 0);
  t.teardown(() => runHelper(["ip", "link", "del", bridge]));
  const tap = await createTap({ bridge, mac: "52:54:00:12:34:56", mtu: 1400, vnetHeader: true });
  const { stdout } = await runHelper(["ip", "link", "show", tap.name]);
  t.regex(stdout, new RegExp(`,UP.* mtu 1400 .*master ${bridge}`));
  t.regex(stdout, /link\/ether fe:54:00:12:34:56/);
  await t.throwsAsync(createTap({ name: tap.name, bridge, mac: "52:54:00:12:34:57", vnetHeader: true }), {
    message: "Unable to create tap device: Device or resource busy",
  });
  closeDescriptor(tap.fd);
  t.not((await runHelper(["ip", "link", "show", tap.name])).status, 0);
});
