import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { target } from "@polyvisor/sdk/labels";
import test from "ava";
import { DOMAIN_FILE, IMAGE_FILE, type StandInHost, standInHost } from "./testing/stand-in-host.js";

interface Test {
  teardown(end: () => unknown): void;
}

const asRoot = process.getuid?.() === 0 ? test : test.skip;
const why = process.getuid?.() === 0 ? "" : " (only root may write security attributes of files)";

const uuidOf = (number: number) => `3b1f42e7-8462-4cb4-af45-${String(number).padStart(12, "0")}`;

async function open(t: Test, own?: string): Promise<StandInHost> {
  const host = await standInHost(own);
  t.teardown(() => host.close());
  return host;
}

async function newGuest({ driver }: Pick<StandInHost, "driver">, number = 1, wanted = "") {
  const uuid = uuidOf(number);
  const labels = await driver.generateLabel({ uuid, domainType: "kvm", wanted, fixed: wanted !== "" });
  return { uuid, name: `g${number}`, ...labels, relabel: true };
}

const levelOf = (label: string) => label.split(":").slice(3).join(":");

/** As the file system has it; nothing where there is none. */
function labelOn(path: string): string {
  const { stdout } = spawnSync("getfattr", ["-n", "security.selinux", "--only-values", "--absolute-names", path]);
  return stdout.toString().replace(/\0$/, "");
}

test("on a stand-in host guests have levels of their own, also beside those that ran before a restart", async (t) => {
  const host = await open(t, "system_u:system_r:virtd_t:s0-s0:c0.c8");
  const guests = [];
  for (let number = 0; number < 30; number++) guests.push(await newGuest(host, number));
  t.is(new Set(guests.map(({ label }) => levelOf(label))).size, 30);
  t.true(guests.every(({ label, imageLabel }) => levelOf(label) === levelOf(imageLabel)));

  const driver = host.again();
  for (const [index, guest] of guests.entries()) {
    await host.put(`proc/${1000 + index}/attr/current`, `${guest.label}\0`);
    driver.reserveLabel({ guest, pid: 1000 + index });
  }
  const more = [];
  for (let number = 30; number < 36; number++) more.push(await newGuest({ driver }, number));
  t.is(new Set([...guests, ...more].map(({ label }) => levelOf(label))).size, 36);
  await t.throwsAsync(newGuest({ driver }, 36), { message: /every pair of categories/ });
  await driver.releaseLabel({ guest: guests[3] as never });
  t.is(levelOf((await newGuest({ driver }, 37)).label), levelOf(guests[3]?.label ?? ""));
});

asRoot(`a guest's files bear its label while it runs, and then what they bore before${why}`, async (t) => {
  const host = await open(t);
  const file = async (name: string) => {
    await writeFile(join(host.root, name), name);
    return join(host.root, name);
  };
  const [disk, base, kernel, own, left] = await Promise.all(["disk", "base", "kernel", "own", "left"].map(file));
  spawnSync("setfattr", ["-n", "security.selinux", "-v", "u:r:before_t:s0", disk ?? ""]);
  const guest = await newGuest(host);
  const targets = [
    target("image", disk ?? ""),
    target("backing", base ?? "", { readOnly: true, shared: true }),
    target("kernel", kernel ?? "", { readOnly: true }),
    target("secret", own ?? "", { own: true }),
    target("image", left ?? "", { override: { relabel: false, label: "" } }),
    target("socket", join(host.root, "not-there"), { optional: true }),
  ];
  const labels = () => [disk, base, kernel, own, left].map((path) => labelOn(path ?? ""));
  await host.driver.setLabels({ guest, targets });
  const content = "system_u:object_r:virt_content_t:s0";
  t.deepEqual(labels(), [guest.imageLabel, content, content, guest.imageLabel, ""]);
  await host.again().restoreLabels({ guest, targets });
  // What other guests may read still stays as it is.
  t.deepEqual(labels(), ["u:r:before_t:s0", content, "", guest.imageLabel, ""]);
  await host.driver.releaseLabel({ guest });
});

asRoot(`a disk that another guest uses is refused, and keeps that one's label${why}`, async (t) => {
  const host = await open(t);
  const path = join(host.root, "disk");
  await writeFile(path, "x");
  const [one, two] = [await newGuest(host, 1), await newGuest(host, 2)];
  await host.driver.setLabels({ guest: one, targets: [target("image", path)] });
  await t.throwsAsync(host.driver.setLabels({ guest: two, targets: [target("image", path)] }), {
    code: "OPERATION_INVALID",
    message: new RegExp(`Setting different SELinux label on ${path} which is already in use`),
  });
  await host.driver.releaseLabel({ guest: two });
  t.is(labelOn(path), one.imageLabel);
  await host.driver.releaseLabel({ guest: one });
  t.is(labelOn(path), "");
});

test("on a stand-in host a label that the policy does not know is refused", async (t) => {
  const host = await open(t);
  t.is((await newGuest(host, 1, "u:r:known_t:s0:c1,c2")).label, "u:r:known_t:s0:c1,c2");
  // A folder takes no context, as the kernel takes none that the policy lacks.
  await host.take("sys/fs/selinux/context");
  await mkdir(join(host.root, "sys/fs/selinux/context"));
  await t.throwsAsync(newGuest(host, 1, "u:r:strange_t:s0:c1,c2"), {
    code: "XML_ERROR",
    message: /Invalid security label u:r:/,
  });
  await t.throwsAsync(newGuest(host), { message: /Invalid security label system_u:system_r:svirt_t/ });
});

test("on a stand-in host sockets of a guest bear its label, and what connects to them its level", async (t) => {
  const host = await open(t, "system_u:system_r:virtd_t:s0-s0:c0.c1023");
  const guest = await newGuest(host);
  const connecting = `system_u:system_r:virtd_t:${levelOf(guest.label)}`;
  t.deepEqual(host.driver.socketLabels({ guest }), { listening: guest.label, connecting });
});

test("on a stand-in host a process tells its context, and whether the policy is enforced", async (t) => {
  const { driver, put } = await open(t);
  await put("proc/12/attr/current", "system_u:system_r:svirt_t:s0:c1,c2\0");
  const label = "system_u:system_r:svirt_t:s0:c1,c2";
  t.deepEqual(driver.processLabel({ pid: 12 }), { label, enforcing: 1 });
  await put("sys/fs/selinux/enforce", "0");
  t.deepEqual(driver.processLabel({ pid: 12 }), { label, enforcing: 0 });
  t.throws(() => driver.processLabel({ pid: 13 }), { message: /unable to get PID 13 security context/ });
});

test("where it is not applicable, and where it is broken (stand-in hosts)", async (t) => {
  const host = await open(t);
  t.like(await host.driver.probe(), { usable: true, detail: "SELinux is enforced" });
  t.deepEqual((await host.driver.model()).baseLabels, [
    { type: "kvm", label: "system_u:system_r:svirt_t:s0" },
    { type: "qemu", label: "system_u:system_r:svirt_tcg_t:s0" },
  ]);
  await host.put(IMAGE_FILE, "rubbish\n");
  await t.throwsAsync(host.driver.probe(), { message: /have no SELinux contexts/ });
  await host.take(IMAGE_FILE);
  await t.throwsAsync(host.driver.probe(), {
    message: /cannot read SELinux virtual image context file \/etc\/selinux\/targeted/,
  });
  await host.take(DOMAIN_FILE);
  await t.throwsAsync(host.driver.probe(), { message: /cannot read SELinux virtual domain context file '\/etc/ });
  await host.take("etc/selinux/config");
  await t.throwsAsync(host.driver.probe(), { message: /names no policy/ });
  await host.put("proc/self/attr/current", "kernel\0");
  t.like(await host.driver.probe(), { usable: false, reason: "SELinux is enabled, but no policy is loaded" });
  await host.take("sys/fs/selinux");
  t.like(await host.driver.probe(), { usable: false, reason: "the kernel runs without SELinux" });
  const narrow = await open(t, "system_u:system_r:virtd_t:s0:c5");
  await t.throwsAsync(narrow.driver.probe(), { message: /No category range available/ });
});

test("where the context cannot be had the guest's command line is not run", async (t) => {
  const host = await open(t);
  const { argv, newPrivileges } = host.driver.guestWrapper({ guest: await newGuest(host) });
  t.true(newPrivileges);
  // The kernel that runs this test has no such context, or no SELinux at all.
  const [word = "", ...words] = argv;
  const { status, stdout, stderr } = spawnSync(word, [...words, "echo", "it runs"], { encoding: "utf8" });
  t.is(status, 1);
  t.is(stdout, "");
  t.regex(stderr, /^polyvisor: SYSTEM_ERROR: unable to set security context 'system_u:system_r:svirt_t/m);
});
