import { cp, mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { echoGuest } from "@polyvisor/sdk/testkit";
import { outputOf } from "./harness/command.js";
import { program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { isRunning } from "./harness/processes.js";
import { project } from "./harness/project.js";
import { Virsh } from "./harness/virsh.js";

const QEMU = [await program("virsh"), await program("qemu-system-x86_64")];
const CLI = join(project, "cli/bin/polyvisor.js");

/** The QEMU driver as a package of its own, of another version. */
async function copyOfDriver(folder: string, version: string): Promise<string> {
  const source = join(project, "plugins/qemu");
  await mkdir(folder);
  await cp(join(source, "dist"), join(folder, "dist"), { recursive: true });
  await symlink(join(project, "node_modules"), join(folder, "node_modules"));
  const json = JSON.parse(await readFile(join(source, "package.json"), "utf8")) as object;
  await writeFile(join(folder, "package.json"), JSON.stringify({ ...json, version }));
  return folder;
}

testWith("the QEMU driver is disabled, enabled and replaced by another version; its guest runs on", QEMU, async (t) => {
  const daemon = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")));
  t.teardown(() => daemon.dispose());
  const config = join(daemon.root, "polyvisord.conf");
  await writeFile(config, 'isolate = [ "qemu" ]\n');
  await daemon.start("--config", config);
  const polyvisor = (...args: string[]) =>
    outputOf(process.execPath, [CLI, "--root", daemon.root, "-c", "test:///default", ...args]);
  const virsh = new Virsh(daemon.uri("qemu"));
  await virsh.define(await echoGuest(daemon.root, "echo"));
  await virsh.ok("start", "echo");
  const pid = Number(await readFile(join(daemon.root, "run/libvirt/qemu/echo.pid"), "utf8"));
  const look = () => virsh.ok("list --all; dumpxml echo");
  const before = await look();
  const isSame = async () => {
    t.is(await look(), before);
    t.true(await isRunning(pid));
  };

  await polyvisor("plugin-disable", "qemu");
  t.regex(await virsh.fails("list"), /no connection driver available for qemu:\/\/\//);
  t.true(await isRunning(pid));
  await polyvisor("plugin-enable", "qemu");
  await isSame();

  const next = await copyOfDriver(join(daemon.root, "qemu-next"), "0.99.0");
  t.regex(await polyvisor("plugin-replace", "qemu", next), /^Plugin 'qemu' replaced: 0\.99\.0, enabled/);
  await isSame();
  await virsh.ok("suspend echo");
  t.regex(
    await polyvisor("plugin-replace", "qemu", join(project, "plugins/qemu")),
    /^Plugin 'qemu' replaced: (?!0\.99)/,
  );
  t.is((await virsh.ok("domstate", "echo", "--reason")).trim(), "paused (user)");
  await virsh.ok("destroy", "echo");
  t.false(await isRunning(pid));
});
