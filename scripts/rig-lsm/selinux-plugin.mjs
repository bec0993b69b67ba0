// Runs in the guest of scripts/rig-lsm.mjs, as root on a kernel that enforces SELinux: tries what confined processes may do.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import "reflect-metadata";
import { rootPaths, silentLog } from "../core/dist/index.js";
import { SelinuxDriver } from "../plugins/security-selinux/dist/driver.js";
import { target } from "../sdk/dist/labels/index.js";
import { closeDescriptor, listenUnix, withSocketLabel } from "../sdk/dist/process/index.js";
import { check, expect, sum } from "./checks.mjs";

const IMAGES = "/srv/images";
const SHELL = "/usr/bin/busybox";
const CONTENT = "system_u:object_r:virt_content_t:s0";

const driver = new SelinuxDriver({ mode: "system", paths: rootPaths("/") }, silentLog, undefined);

function image(name) {
  writeFileSync(`${IMAGES}/${name}`, `the secret of ${name}`);
  return `${IMAGES}/${name}`;
}

async function newGuest(digit, domainType = "kvm") {
  const uuid = `${String(digit).repeat(8)}-3b1f-42e7-8462-cb4af457bda7`;
  const labels = await driver.generateLabel({ uuid, domainType, wanted: "", fixed: false });
  return { uuid, name: `g${digit}`, ...labels, relabel: true };
}

/** What a program says that runs as the guest's emulator would. */
function confined(guest, words, before = []) {
  const [program, ...args] = [...before, ...driver.guestWrapper({ guest }).argv, SHELL, ...words];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return { status, stdout, stderr };
}

function read(guest, path, text) {
  const { stdout, stderr } = confined(guest, ["cat", path]);
  expect([stdout, stderr], [text, ""]);
}

function refused({ status, stdout, stderr }) {
  expect([status === 0, stdout, /Permission denied|can't create/.test(stderr)], [false, "", true]);
}

const labelOf = (path) =>
  spawnSync("getfattr", ["-n", "security.selinux", "--only-values", "--absolute-names", path])
    .stdout.toString()
    .replace(/\0$/, "");
const write = (guest, path) => confined(guest, ["sh", "-c", 'echo more >> "$1"', "sh", path]);

mkdirSync(IMAGES, { recursive: true });
const [one, two, base] = [image("one.img"), image("two.img"), image("base.img")];
const before = labelOf(one);

await check("the host is one that the plugin serves, and the policy is enforced", async () => {
  expect(await driver.probe(), { usable: true, detail: "SELinux is enforced" });
});

const [a, b] = [await newGuest(1), await newGuest(2, "qemu")];

await check("files are labelled", async () => {
  await driver.setLabels({
    guest: a,
    targets: [target("image", one), target("backing", base, { readOnly: true, shared: true })],
  });
  await driver.setLabels({ guest: b, targets: [target("image", two)] });
  expect([labelOf(one), labelOf(two), labelOf(base)], [a.imageLabel, b.imageLabel, CONTENT]);
});
await check("a guest's process has its label", async () => {
  expect(confined(a, ["cat", "/proc/self/attr/current"]).stdout.replace(/\0$/, ""), a.label);
  expect(confined(b, ["cat", "/proc/self/attr/current"]).stdout.replace(/\0$/, ""), b.label);
  expect(b.label.includes(":svirt_tcg_t:"), true);
});
await check("a guest reads its own disk", () => read(a, one, "the secret of one.img"));
await check("a guest is refused another guest's disk", () => refused(confined(a, ["cat", two])));
await check("and the other one's is refused to that", () => refused(write(b, one)));
await check("a guest reads what its image is based on, and cannot write it", () => {
  read(a, base, "the secret of base.img");
  refused(write(a, base));
});
await check("a guest writes its own disk", () => {
  expect(write(a, one).status, 0);
  expect(readFileSync(one, "utf8"), "the secret of one.imgmore\n");
});
await check("sockets that are made for a guest bear its label, those that connect to it its categories", async () => {
  const socketLabel = (fd) => labelOf(`/proc/${process.pid}/fd/${fd}`);
  const { listening, connecting } = driver.socketLabels({ guest: a });
  const [path, range] = ["/run/guest.sock", a.label.replace(/^([^:]+:){3}/, "")];
  const fd = withSocketLabel(listening, () => listenUnix(path));
  expect(socketLabel(fd), a.label);
  const ours = withSocketLabel(connecting, () => connect(path));
  await once(ours, "connect");
  expect(socketLabel(ours._handle.fd), `system_u:system_r:virtd_t:${range}`);
  const after = listenUnix("/run/plain.sock");
  expect(socketLabel(after), "system_u:system_r:virtd_t:s0-s0:c0.c1023");
  ours.destroy();
  for (const each of [fd, after]) closeDescriptor(each);
  const unknown = () => withSocketLabel("system_u:system_r:strange_t:s0", () => listenUnix("/run/none.sock"));
  let failure;
  try {
    closeDescriptor(unknown());
  } catch (error) {
    failure = error.code;
  }
  expect(failure, "EINVAL");
});
await check("a disk that another guest uses is not relabelled", async () => {
  const failure = await driver.setLabels({ guest: b, targets: [target("image", one)] }).catch((error) => error);
  expect(failure?.code, "OPERATION_INVALID");
  expect(labelOf(one), a.imageLabel);
});
await check("after that files are what they were", async () => {
  await driver.restoreLabels({ guest: a, targets: [target("image", one)] });
  expect(labelOf(one), before);
  refused(confined(a, ["cat", two]));
  await driver.releaseLabel({ guest: a });
  await driver.releaseLabel({ guest: b });
  expect(labelOf(two), before);
});
await check("a label that the policy does not know is refused, and no process starts under it", async () => {
  const wish = { uuid: a.uuid, domainType: "kvm", wanted: "system_u:system_r:strange_t:s0:c1,c2", fixed: true };
  const failure = await driver.generateLabel(wish).catch((error) => error);
  expect(failure?.code, "XML_ERROR");
  const { status, stdout, stderr } = confined({ ...a, label: wish.wanted }, ["echo", "it runs"]);
  expect([status, stdout], [1, ""]);
  expect(stderr.includes("polyvisor: SYSTEM_ERROR: unable to set security context"), true);
});
await check("no new privileges: the process does not get its label, and does not start without", () => {
  const { status, stdout } = confined(a, ["echo", "it runs"], ["setpriv", "--no-new-privs", "--"]);
  expect([status === 0, stdout], [false, ""]);
});

driver.dispose();
sum();
