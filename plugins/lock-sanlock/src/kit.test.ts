import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { rootPaths, silentLog } from "@polyvisor/core";
import { runKit, SERVICE_KITS, subjectOfProvider } from "@polyvisor/sdk/conformance";
import { hasSanlock, makeDiskFolder, startSanlock } from "@polyvisor/sdk/testkit";
import test from "ava";
import { SanlockManager } from "./manager.js";

test("kit", async (t) => {
  t.timeout(300000);
  const folder = await makeDiskFolder();
  const sanlock = await startSanlock({ name: "one", folder });
  t.teardown(async () => {
    await sanlock.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await mkdir(join(folder, "leases"));
  const config = {
    host_id: 1,
    auto_disk_leases: true,
    disk_lease_dir: join(folder, "leases"),
    io_timeout: 1,
    run_dir: sanlock.runDir,
  };
  const paths = rootPaths(folder);
  const subject = await subjectOfProvider(
    "lock",
    () => new SanlockManager(config, { mode: "system", paths }, silentLog),
  );
  const report = await runKit(SERVICE_KITS.lock, subject, {
    title: "x",
    profile: { calls: ["guestWrapper", "acquire", "release", "inquire"], fixtures: {}, traits: [] },
    onResult: (r) => console.log(JSON.stringify(r)),
  });
  t.log(report);
  t.log(await sanlock.ask("status"));
  t.true(hasSanlock());
});
