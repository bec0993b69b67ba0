import { access } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { startActivated } from "../testing/activate.js";
import { hasProgram, rootFolder, runProgram } from "../testing/process.js";
import { until } from "../testing/serve.js";

const areHere = (await Promise.all(["python3", "virt-admin"].map(hasProgram))).every((isHere) => isHere);
const check = areHere ? test : test.skip;

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

check("virt-admin comes in by a socket of the service manager, which stays (needs python3, virt-admin)", async (t) => {
  const root = await rootFolder(t);
  const [main, admin] = [join(root, "main"), join(root, "admin")];
  const daemon = startActivated(t, root, { "polyvisord.socket": main, "polyvisord-admin.socket": admin });
  await until(() => /is ready/.test(daemon.out()));
  const { code, stdout } = await runProgram("virt-admin", ["-c", `libvirtd:///system?socket=${admin}`, "srv-list"]);
  t.is(code, 0);
  t.regex(stdout, / libvirtd$/m);
  t.false(await exists(join(root, "run/libvirt/libvirt-admin-sock")));
  daemon.process.kill("SIGTERM");
  t.is(await daemon.ended, 0);
  t.true(await exists(admin));
});

check("a service manager that has no socket for it gets none (needs python3, virt-admin)", async (t) => {
  const root = await rootFolder(t);
  const daemon = startActivated(t, root, { "polyvisord.socket": join(root, "main") });
  await until(() => /is ready/.test(daemon.out()));
  t.false(await exists(join(root, "run/libvirt/libvirt-admin-sock")));
});
