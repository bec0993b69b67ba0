import type { ExecutionContext } from "ava";
import test from "ava";
import { serveEverybody, startPolkit, whyNoPolkit } from "../testing/polkit.js";
import { hasProgram, runAs, runProgram } from "../testing/process.js";
import { until } from "../testing/serve.js";

const why = (await whyNoPolkit()) ?? ((await hasProgram("virsh")) ? undefined : "no virsh here");

const RULES = `polkit.addRule(function(action, subject) {
  if (action.id != "org.libvirt.unix.manage" && action.id != "org.libvirt.unix.monitor") return;
  if (subject.user == "daemon") return polkit.Result.YES;
  if (subject.user == "bin") return polkit.Result.NO;
});
`;

const serve = (t: ExecutionContext) => serveEverybody(t, 'auth_unix_rw = "polkit"\nauth_unix_ro = "polkit"');

const virshAs = (user: string, uri: string, ...args: string[]) => runAs(user, "virsh", ["-c", uri, ...args]);

const readOnly = (uri: string) => uri.replace("libvirt-sock", "libvirt-sock-ro");

if (why !== undefined) test.skip(`polkit decides who comes in: ${why}`, () => {});
else {
  // Each file of tests has a process of its own.
  const polkit = await startPolkit(RULES);
  process.env.DBUS_SYSTEM_BUS_ADDRESS = polkit.address;
  test.after.always(() => polkit.stop());

  test.serial("polkit's rules let a user in, keep another out, and ask for somebody who asks a third", async (t) => {
    const daemon = await serve(t);
    const allowed = await virshAs("daemon", daemon.uri, "list");
    t.regex(allowed.stdout, /^ 1 +test +running$/m, allowed.stderr);
    const denied = await virshAs("bin", daemon.uri, "list");
    t.is(denied.code, 1);
    t.regex(denied.stderr, /error: authentication failed: access denied by policy/);
    const asked = await virshAs("sys", daemon.uri, "list");
    t.is(asked.code, 1);
    t.regex(
      asked.stderr,
      /error: authentication unavailable: no polkit agent available to authenticate action 'org\.libvirt\.unix\.manage'/,
    );
    await until(() =>
      /"uid":2,.*access denied by policy.*"mechanism":"polkit".*a client failed to log in/.test(daemon.log()),
    );
  });

  test.serial("to look is another action than to change", async (t) => {
    const daemon = await serve(t);
    t.is((await virshAs("sys", readOnly(daemon.uri), "-r", "list")).code, 0);
    t.regex((await virshAs("bin", readOnly(daemon.uri), "-r", "list")).stderr, /access denied by policy/);
  });

  test.serial("root comes in without polkit, and nobody else does where polkit is gone", async (t) => {
    const daemon = await serve(t);
    await polkit.endPolkitd();
    t.is((await runProgram("virsh", ["-c", daemon.uri, "list"])).code, 0);
    const { code, stderr } = await virshAs("daemon", daemon.uri, "list");
    t.is(code, 1);
    t.regex(
      stderr,
      /error: authentication failed: polkit cannot be asked: org\.freedesktop\.DBus\.Error\.ServiceUnknown/,
    );
  });
}
