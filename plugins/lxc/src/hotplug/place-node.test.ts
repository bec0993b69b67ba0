import { type ChildProcess, execFile, spawn } from "node:child_process";
import { lstat, mkdir, mkdtemp, readdir, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL("./place-node.js", import.meta.url));
const CHAR_DEVICE = 0o020700;
const NULL = 0x103;
const BUSYBOX = "/bin/busybox";

const canHave =
  process.getuid?.() === 0 &&
  (await run("unshare", ["--mount", BUSYBOX, "true"]).then(
    () => true,
    () => false,
  ));
const asRoot = canHave ? test : test.skip;

/** A process whose root is a folder with a busybox in it and nothing else. */
async function confined(t: ExecutionContext): Promise<{ readonly root: string; readonly pid: string }> {
  const root = await mkdtemp(join(tmpdir(), "place-node-"));
  await mkdir(join(root, "dev"));
  await run("cp", [BUSYBOX, join(root, "busybox")]);
  const child: ChildProcess = spawn("chroot", [root, "/busybox", "sh", "-c", "echo there; read word"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.teardown(async () => {
    child.stdin?.end();
    await rm(root, { recursive: true, force: true });
  });
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return { root, pid: String(child.pid) };
}

const place = (...words: readonly string[]) =>
  run(process.execPath, [PROGRAM, ...words]).then(
    () => "done",
    (error: { readonly stderr: string }) => error.stderr.trim(),
  );

asRoot("a node is made in a container, and removed", async (t) => {
  const { root, pid } = await confined(t);
  const node = join(root, "dev/bus/usb/001");
  t.is(await place("add", pid, "/dev/bus/usb/001", String(CHAR_DEVICE), String(NULL)), "done");
  const facts = await stat(node);
  t.true(facts.isCharacterDevice());
  t.is(facts.rdev, NULL);
  t.is(facts.mode & 0o777, 0o700);
  t.is(await place("add", pid, "/dev/bus/usb/001", String(CHAR_DEVICE), String(NULL)), "EEXIST");
  t.is(await place("remove", pid, "/dev/bus/usb/001"), "done");
  await t.throwsAsync(lstat(node), { code: "ENOENT" });
  t.is(await place("remove", pid, "/dev/bus/usb/001"), "done", "what is gone already does no harm");
});

asRoot("a container cannot lead whoever makes its nodes to a path of the host", async (t) => {
  const { root, pid } = await confined(t);
  const outside = await mkdtemp(join(tmpdir(), "place-node-outside-"));
  t.teardown(() => rm(outside, { recursive: true, force: true }));
  await rm(join(root, "dev"), { recursive: true });
  for (const target of [outside, `../../../../../../..${outside}`]) {
    await symlink(target, join(root, "dev"));
    await place("add", pid, "/dev/null", String(CHAR_DEVICE), String(NULL));
    await place("remove", pid, "/dev/null");
    t.deepEqual(await readdir(outside), [], target);
    await rm(join(root, "dev"));
  }
});
