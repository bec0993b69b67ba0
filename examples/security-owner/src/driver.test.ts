import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootPaths } from "@polyvisor/core";
import test from "ava";
import { OwnerSecurity } from "./driver.js";

interface Test {
  teardown(end: () => unknown): void;
}

const asRoot = process.getuid?.() === 0 ? test : test.skip;
const why = process.getuid?.() === 0 ? "" : " (only root may give files away)";

const guestOf = (label: string, number = 1) => ({
  uuid: `${String(number).repeat(8)}-3b1f-42e7-8462-cb4af457bda7`,
  name: `g${number}`,
  label,
  imageLabel: label,
  relabel: true,
});
const written = (path: string) => ({
  path,
  kind: "image",
  readOnly: false,
  shared: false,
  own: false,
  optional: false,
  override: null,
});

async function makeFiles(t: Test) {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-owner-"));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const [image = "", kernel = ""] = await Promise.all(
    ["image", "kernel"].map(async (name) => {
      await writeFile(join(root, name), "x");
      await chmod(join(root, name), name === "image" ? 0o600 : 0o644);
      return join(root, name);
    }),
  );
  const driver = new OwnerSecurity({ mode: "system", paths: rootPaths(root) }, { user: 7, group: 8 });
  return { driver, root, image, kernel };
}

async function ownerOf(path: string): Promise<string> {
  const { uid, gid } = await stat(path);
  return `${uid}:${gid}`;
}

asRoot(`a guest's files belong to it while it runs, and then to whom they belonged before${why}`, async (t) => {
  const { driver, image, kernel } = await makeFiles(t);
  const guest = guestOf(driver.generateLabel({ wanted: "" }).label);
  t.is(guest.label, "+7:+8");
  const targets = [written(image), { ...written(kernel), readOnly: true, shared: true }];
  await driver.setLabels({ guest, targets });
  t.is(await ownerOf(image), "7:8");
  t.is(await ownerOf(kernel), "0:0");
  await driver.restoreLabels({ guest, targets });
  t.is(await ownerOf(image), "0:0");
  await driver.restoreLabels({ guest, targets });
  t.is(await ownerOf(image), "0:0");
});

asRoot(`all files or none${why}`, async (t) => {
  const { driver, root, image } = await makeFiles(t);
  const guest = guestOf("+7:+8");
  const targets = [written(image), written(join(root, "missing"))];
  await t.throwsAsync(driver.setLabels({ guest, targets }), { message: /missing.*No such file or directory/ });
  t.is(await ownerOf(image), "0:0");
  await driver.restoreLabels({ guest, targets });
  t.is(await ownerOf(image), "0:0");
});

asRoot(`a file that two guests use goes back with the last one, and to no other owner before${why}`, async (t) => {
  const { driver, image } = await makeFiles(t);
  const targets = [{ ...written(image), shared: true }];
  const [one, two, other] = [guestOf("+7:+8", 1), guestOf("+7:+8", 2), guestOf("+9:+9", 3)] as const;
  await driver.setLabels({ guest: one, targets });
  await driver.setLabels({ guest: two, targets });
  await t.throwsAsync(driver.setLabels({ guest: other, targets }), { message: /already in use/ });
  await driver.restoreLabels({ guest: one, targets });
  t.is(await ownerOf(image), "7:8");
  await driver.restoreLabels({ guest: two, targets });
  t.is(await ownerOf(image), "0:0");
  await driver.setLabels({ guest: other, targets });
  t.is(await ownerOf(image), "9:9");
});

asRoot(`one file may have an owner of its own, or stay as it is${why}`, async (t) => {
  const { driver, image, kernel } = await makeFiles(t);
  const targets = [
    { ...written(image), override: { relabel: true, label: "+9:+10" } },
    { ...written(kernel), override: { relabel: false, label: "" } },
  ];
  await driver.setLabels({ guest: guestOf("+7:+8"), targets });
  t.is(await ownerOf(image), "9:10");
  t.is(await ownerOf(kernel), "0:0");
  await driver.restoreLabels({ guest: guestOf("+7:+8"), targets });
  t.is(await ownerOf(image), "0:0");
});

test("a guest runs as the user that its label names", async (t) => {
  const { driver } = await makeFiles(t);
  t.deepEqual(driver.processIdentity({ guest: guestOf("+7:+8") }), { uid: 7, gid: 8, groups: [] });
});

test("a process tells its owner, and what is no label is refused", async (t) => {
  const { driver } = await makeFiles(t);
  const { label, enforcing } = await driver.processLabel({ pid: process.pid });
  t.deepEqual([label, enforcing], [`+${process.getuid?.()}:+${process.getgid?.()}`, 1]);
  t.throws(() => driver.generateLabel({ wanted: "system_u:object_r:svirt_t" }), { message: /invalid owner/ });
  await t.throwsAsync(driver.processLabel({ pid: 2 ** 30 }), { message: /No such process/ });
});
