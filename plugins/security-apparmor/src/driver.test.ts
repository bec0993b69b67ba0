import { spawnSync } from "node:child_process";
import { readdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SecurityGuest } from "@polyvisor/core";
import { target } from "@polyvisor/sdk/labels";
import test from "ava";
import { type StandInKernel, type StandInOptions, standInKernel } from "./testing/stand-in-kernel.js";

interface Test {
  teardown(end: () => unknown): void;
}

const UUID = "c7a5fdbd-edaf-9455-926a-d65c16db1809";
const NAMES = { uuid: UUID, name: "g1", domainType: "kvm" };

async function open(t: Test, options?: StandInOptions): Promise<StandInKernel> {
  const kernel = await standInKernel(options);
  t.teardown(() => kernel.close());
  return kernel;
}

async function newGuest({ driver }: StandInKernel): Promise<SecurityGuest> {
  const labels = await driver.generateLabel({ ...NAMES, wanted: "", fixed: false });
  return { uuid: UUID, name: "g1", ...labels, relabel: true };
}

const profilesIn = (kernel: StandInKernel) =>
  readFile(join(kernel.root, "sys/kernel/security/apparmor/profiles"), "utf8");
const filesIn = (kernel: StandInKernel) => readdir(join(kernel.root, "etc/apparmor.d/libvirt")).catch(() => []);
const rulesIn = (kernel: StandInKernel) =>
  readFile(join(kernel.root, `etc/apparmor.d/libvirt/libvirt-${UUID}.files`), "utf8");

test("on a stand-in kernel a guest's profile is loaded, changed with its devices, and gone with it", async (t) => {
  const kernel = await open(t);
  const { driver, root } = kernel;
  const [disk, second] = [join(root, "disk.img"), join(root, "second.img")];
  for (const path of [disk, second]) await writeFile(path, "x");
  const guest = await newGuest(kernel);
  t.is(guest.label, `libvirt-${UUID}`);
  await driver.setLabels({ guest, targets: [target("image", disk)] });
  t.true((await profilesIn(kernel)).includes(`libvirt-${UUID} (enforce)`));
  t.deepEqual(await filesIn(kernel), [`libvirt-${UUID}`, `libvirt-${UUID}.files`]);

  await driver.setLabels({ guest, targets: [target("image", second)] });
  t.regex(await rulesIn(kernel), /disk\.img" rwk,\n.*second\.img" rwk,/);
  await driver.restoreLabels({ guest, targets: [target("image", second)] });
  t.notRegex(await rulesIn(kernel), /second\.img/);
  t.regex(await rulesIn(kernel), /disk\.img" rwk,/);

  await kernel.again().restoreLabels({ guest, targets: [target("image", disk)] });
  await kernel.again().releaseLabel({ guest });
  t.false((await profilesIn(kernel)).includes(UUID));
  t.deepEqual(await filesIn(kernel), []);
  await driver.releaseLabel({ guest });
});

test("on a stand-in kernel a rule names the file behind a symbolic link", async (t) => {
  const kernel = await open(t);
  await writeFile(join(kernel.root, "real.img"), "x");
  await symlink(join(kernel.root, "real.img"), join(kernel.root, "link.img"));
  const guest = await newGuest(kernel);
  await kernel.driver.setLabels({ guest, targets: [target("image", join(kernel.root, "link.img"))] });
  t.regex(await rulesIn(kernel), /real\.img" rwk,/);
  t.notRegex(await rulesIn(kernel), /^".*link\.img"/m);
});

test("on a stand-in kernel a profile that the parser refuses is an error that says so, and the guest keeps what it had", async (t) => {
  const kernel = await open(t);
  const disk = join(kernel.root, "disk.img");
  await writeFile(disk, "x");
  const guest = await newGuest(kernel);
  await kernel.driver.setLabels({ guest, targets: [target("image", disk)] });
  const before = await rulesIn(kernel);
  await kernel.put("parser", "#!/bin/sh\necho 'AppArmor parser error: syntax error' >&2\nexit 1\n");
  const refused = {
    code: "INTERNAL_ERROR",
    message: /cannot load AppArmor profile 'libvirt-.*': AppArmor parser error/,
  };
  await t.throwsAsync(
    kernel.driver.setLabels({ guest, targets: [target("socket", "/run/x", { optional: true })] }),
    refused,
  );
  t.is(await rulesIn(kernel), before);
  const other = { ...guest, uuid: UUID.replace("c7", "d8"), label: `libvirt-${UUID.replace("c7", "d8")}` };
  await t.throwsAsync(kernel.driver.setLabels({ guest: other, targets: [] }), refused);
  t.is((await filesIn(kernel)).length, 2);
});

test("what no guest may have is refused, and nothing is loaded", async (t) => {
  const kernel = await open(t);
  const guest = await newGuest(kernel);
  const rows = [
    [target("image", "/etc/passwd"), /may not have '\/etc\/passwd'/],
    [target("image", "/etc/passwd", { readOnly: true }), /may not have/],
    [target("image", "/usr/bin/env", { readOnly: true }), /may not have/],
    [target("chardev", "/proc/self/mem", { optional: true }), /may not have/],
    [target("image", join(kernel.root, "missing.img")), /missing\.img' does not exist/],
  ] as const;
  for (const [wanted, message] of rows) {
    await t.throwsAsync(kernel.driver.setLabels({ guest, targets: [wanted] }), { message }, wanted.path);
  }
  t.false((await profilesIn(kernel)).includes(UUID));
});

test("labels: a loaded profile that the configuration names stays as it is; a base label cannot be", async (t) => {
  const kernel = await open(t);
  const { driver } = kernel;
  const fixed = await driver.generateLabel({ ...NAMES, wanted: "site-profile", fixed: true });
  t.is(fixed.label, "site-profile");
  const guest = { uuid: UUID, name: "g1", ...fixed, relabel: true };
  await driver.setLabels({ guest, targets: [target("image", "/nowhere")] });
  await driver.releaseLabel({ guest });
  t.regex(await profilesIn(kernel), /^site-profile \(enforce\)$/m);
  await t.throwsAsync(driver.generateLabel({ ...NAMES, wanted: "nobody-s", fixed: true }), { code: "XML_ERROR" });
  await t.throwsAsync(driver.generateLabel({ ...NAMES, wanted: "site-profile", fixed: false }), {
    message: /Cannot set a base label/,
  });
});

test("another manager's profile of the guest is left alone", async (t) => {
  const kernel = await open(t);
  await kernel.put(`etc/apparmor.d/libvirt/libvirt-${UUID}`, "# of libvirtd\n");
  const guest = await newGuest(kernel);
  await t.throwsAsync(kernel.driver.setLabels({ guest, targets: [] }), { message: /not written by this daemon/ });
  await kernel.driver.releaseLabel({ guest });
  t.deepEqual(await filesIn(kernel), [`libvirt-${UUID}`]);
});

test("on a stand-in kernel what a manager left that ended is taken away, but not the profile of a guest that runs", async (t) => {
  const kernel = await open(t);
  const uuids = ["1", "2", "3"].map((digit) => UUID.replace("c", digit));
  for (const uuid of uuids) {
    const guest = { uuid, name: "g", label: `libvirt-${uuid}`, imageLabel: "", relabel: true };
    await kernel.driver.setLabels({ guest, targets: [] });
  }
  const longAgo = new Date(Date.now() - 3_600_000);
  for (const uuid of uuids.slice(0, 2)) {
    await utimes(join(kernel.root, `etc/apparmor.d/libvirt/libvirt-${uuid}.files`), longAgo, longAgo);
  }
  await kernel.put("proc/4711/attr/current", `libvirt-${uuids[1]} (enforce)\n`);
  await kernel.again().generateLabel({ ...NAMES, wanted: "", fixed: false });
  const left = uuids.slice(1).flatMap((uuid) => [`libvirt-${uuid}`, `libvirt-${uuid}.files`]);
  t.deepEqual((await filesIn(kernel)).sort(), left);
});

test("on a stand-in kernel what an earlier run of the guest has left is taken away, unless a process of it is left, too", async (t) => {
  const kernel = await open(t);
  const guest = await newGuest(kernel);
  await kernel.driver.setLabels({ guest, targets: [target("socket", "/run/x", { optional: true })] });
  await kernel.put("proc/4711/attr/current", `${guest.label} (enforce)\n`);
  await t.throwsAsync(newGuest(kernel), { message: /still has AppArmor profile/ });
  t.regex(await profilesIn(kernel), new RegExp(guest.label));
  await kernel.take("proc/4711");
  await newGuest(kernel);
  t.deepEqual(await filesIn(kernel), []);
});

test("on a stand-in kernel a process tells its profile, and whether it is enforced", async (t) => {
  const { driver, put } = await open(t);
  await put("proc/1/attr/current", "a b (complain)\n");
  await put("proc/2/attr/apparmor/current", "libvirt-x (enforce)\n");
  await put("proc/2/attr/current", "system_u:system_r:svirt_t:s0\n");
  await put("proc/3/attr/current", "unconfined\n");
  t.deepEqual(driver.processLabel({ pid: 1 }), { label: "a b", enforcing: 0 });
  t.deepEqual(driver.processLabel({ pid: 2 }), { label: "libvirt-x", enforcing: 1 });
  t.deepEqual(driver.processLabel({ pid: 3 }), { label: "unconfined", enforcing: 0 });
  t.throws(() => driver.processLabel({ pid: 4 }), { message: /No such process/ });
});

test("where it is not applicable, and where it is broken (stand-in kernels)", async (t) => {
  const applicable = await open(t, { compiles: false });
  t.like(await applicable.driver.probe(), { usable: true });
  await applicable.take("sys/kernel/security/apparmor");
  await t.throwsAsync(applicable.driver.probe(), { message: /mount securityfs/ });
  await applicable.put("sys/module/apparmor/parameters/enabled", "N\n");
  t.like(await applicable.driver.probe(), { usable: false, reason: "the kernel runs without AppArmor" });
  await applicable.take("sys/module/apparmor");
  t.like(await applicable.driver.probe(), { usable: false });
  const session = await open(t, { mode: "session" });
  t.like(await session.driver.probe(), { usable: false, reason: "only root may load profiles of AppArmor" });
  const toolless = await open(t, { parser: "/nowhere/apparmor_parser" });
  await t.throwsAsync(toolless.driver.probe(), { message: /nowhere\/apparmor_parser/ });
  const refusing = await open(t, { parser: "false" });
  await t.throwsAsync(refusing.driver.probe(), { message: /reads no profile of a guest/ });
});

test("where the profile cannot be had the guest's command line is not run", async (t) => {
  const kernel = await open(t);
  const guest = await newGuest(kernel);
  const { argv } = await kernel.driver.guestWrapper({ guest });
  t.true((await profilesIn(kernel)).includes(guest.label));
  // The kernel that runs this test has no such profile, or no AppArmor at all.
  const [word = "", ...words] = argv;
  const { status, stdout, stderr } = spawnSync(word, [...words, "echo", "it runs"], { encoding: "utf8" });
  t.is(status, 1);
  t.is(stdout, "");
  t.regex(stderr, /^polyvisor: INTERNAL_ERROR: error calling aa_change_profile\(\): /m);
});
