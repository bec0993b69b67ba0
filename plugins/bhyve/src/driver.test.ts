import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, type Host, rootPaths, silentLog } from "@polyvisor/core";
import {
  completeProfile,
  type HypervisorSubject,
  hypervisorKit,
  registerKit,
  TRAITS,
} from "@polyvisor/sdk/conformance";
import test from "ava";
import { BhyveDriver } from "./driver.js";
import { CONSOLE_DOCUMENT, guestDocument } from "./testing/documents.js";
import { makeRecordedPlugin } from "./testing/recorded-plugin.js";

const URI = "bhyve:///system";

const root = await mkdtemp(join(tmpdir(), "polyvisor-bhyve-"));
const plugin = await makeRecordedPlugin(root);

/** The driver in this process, on a recording host. Ending it and starting it again is a new host in the same folders. */
async function recorded(): Promise<HypervisorSubject> {
  const make = async () => {
    const host = await createHost({ mode: "system", plugins: [plugin], paths: rootPaths(root) });
    await host.start();
    return host;
  };
  let host: Host = await make();
  const again = async () => {
    await host.close();
    host = await make();
  };
  return {
    open: ({ readOnly = false } = {}) => host.open(URI, { readOnly }),
    restart: again,
    kill: again,
    close: () => host.close(),
  };
}

const subject = await recorded();
const profile = await completeProfile(subject, {
  fixtures: { domain: guestDocument(), console: CONSOLE_DOCUMENT },
  traits: [TRAITS.guestsRun, TRAITS.obeysShutdown, TRAITS.keepsDefinitions, TRAITS.keepsGuests, TRAITS.idsOfRuns],
});
registerKit(test, hypervisorKit, subject, { profile, close: () => subject.close() });
test.after.always("files", () => rm(root, { recursive: true, force: true }));

test("where there is no FreeBSD the driver says so", async (t) => {
  const info = { mode: "system", paths: rootPaths(root) } as const;
  const driver = new BhyveDriver(info, silentLog, undefined, { firmware_dir: "/nowhere" });
  t.deepEqual(await driver.probe(), { usable: false, reason: "bhyve needs FreeBSD" });
  await t.throwsAsync(driver.start(), { message: /bhyve needs FreeBSD/ });
});
