import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import test from "ava";
import { serveEverybody, startPolkit, whyNoPolkit } from "../testing/polkit.js";
import { hasProgram, runAs, runProgram } from "../testing/process.js";
import { until } from "../testing/serve.js";

const why = (await whyNoPolkit()) ?? ((await hasProgram("virsh")) ? undefined : "no virsh here");

const testProxy =
  (await runProgram("/usr/bin/python3", ["-c", "import libvirt"])).code === 0 ? test.serial : test.serial.skip;

const RULES = `polkit.addRule(function(action, subject) {
  var id = action.id, name = action.lookup("domain_name");
  if (action.lookup("connect_driver") != "test") return;
  if (subject.user == "daemon" && id == "org.libvirt.api.domain.suspend" && name == "test") return polkit.Result.YES;
  if (subject.user == "sys" && id == "org.libvirt.api.domain.getattr" && name == "test") return polkit.Result.NO;
  if (subject.user == "bin" && id == "org.libvirt.api.storage-vol.delete")
    return action.lookup("pool_name") == "default-pool" && action.lookup("vol_name") == "gone" &&
      /^[0-9a-f-]{36}$/.test(action.lookup("pool_uuid")) ? polkit.Result.YES : polkit.Result.NO;
  if (subject.user == "bin" && id.indexOf("org.libvirt.api.storage-") == 0) return polkit.Result.YES;
});
`;

const SETTINGS = 'access_drivers = [ "polkit" ]\nunix_sock_rw_perms = "0777"';

const serve = (t: ExecutionContext) => serveEverybody(t, SETTINGS);

/** A proxy of root: it speaks for the user `daemon`, who may suspend but not destroy, nor speak for others. */
const PROXY = `
import libvirt, os, sys
libvirt.registerErrorHandler(lambda *a: None, None)
conn = libvirt.open(sys.argv[1])
dom = conn.lookupByName("test")
started = int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19])
conn.setIdentity({"unix-user-id": 1, "process-id": os.getpid(), "process-time": started}, 0)
for call in (dom.suspend, dom.destroy, lambda: conn.setIdentity({"unix-user-id": 0}, 0)):
    try:
        print(call())
    except libvirt.libvirtError as e:
        print(e.get_error_message())
`;

const virsh = (user: string, uri: string, ...args: string[]) => runAs(user, "virsh", ["-c", uri, ...args]);

if (why !== undefined) test.skip(`polkit decides who may do what: ${why}`, () => {});
else {
  // Each file of tests has a process of its own.
  const polkit = await startPolkit(RULES);
  process.env.DBUS_SYSTEM_BUS_ADDRESS = polkit.address;
  test.after.always(() => polkit.stop());

  test.serial("polkit's rules decide by user, action and domain_name; the others keep to the defaults", async (t) => {
    const daemon = await serve(t);
    const allowed = await virsh("daemon", daemon.uri, "suspend test; domstate test");
    t.is(allowed.code, 0, allowed.stderr);
    t.regex(allowed.stdout, /^paused$/m);
    const refused = await virsh("bin", daemon.uri, "suspend test");
    t.is(refused.code, 1);
    t.regex(refused.stderr, /error: access denied: 'test' denied access/);
    const other = await virsh("daemon", daemon.uri, "destroy test");
    t.regex(other.stderr, /error: access denied: 'test' denied access/);
    t.is((await virsh("root", daemon.uri, "destroy test")).code, 0);
    await until(() =>
      /"uid":2,.*"permission":"domain:suspend".*"domain_name":"test".*access denied/.test(daemon.log()),
    );
    t.notRegex(daemon.log(), /everybody but root is refused/);
  });

  test.serial("whom a rule keeps from a domain does not see it", async (t) => {
    const daemon = await serve(t);
    t.regex((await virsh("daemon", daemon.uri, "list --name")).stdout, /^test$/m);
    const hidden = await virsh("sys", daemon.uri, "list --name");
    t.is(hidden.code, 0, hidden.stderr);
    t.notRegex(hidden.stdout, /test/);
    t.regex((await virsh("sys", daemon.uri, "domstate test")).stderr, /failed to get domain 'test'/);
  });

  test.serial("rules may look up everything that libvirt tells of an object", async (t) => {
    const daemon = await serve(t);
    const volume = (name: string) => `vol-create-as default-pool ${name} 1M; vol-delete ${name} default-pool`;
    const allowed = await virsh("bin", daemon.uri, volume("gone"));
    t.is(allowed.code, 0, allowed.stderr);
    t.regex((await virsh("bin", daemon.uri, volume("kept"))).stderr, /Failed to delete vol kept\n.*access denied/);
  });

  test.serial(
    "while polkit is away only root may do anything, and the log says why; it is asked again once it is back",
    async (t) => {
      const daemon = await serve(t);
      const client = () => virsh("daemon", daemon.uri, "suspend test");
      t.is((await client()).code, 0);
      await polkit.endPolkitd();
      t.regex((await client()).stderr, /error: access denied: 'test' denied access/);
      await until(() => /polkit cannot be asked: org\.freedesktop\.DBus\.Error\.ServiceUnknown/.test(daemon.log()));
      t.is((await virsh("root", daemon.uri, "suspend test")).code, 0);
      await polkit.startPolkitd();
      t.is((await client()).code, 0);
    },
  );

  testProxy("polkit judges the client that a proxy speaks for (needs python3-libvirt)", async (t) => {
    const daemon = await serve(t);
    const { code, stdout, stderr } = await runProgram("/usr/bin/python3", ["-c", PROXY, daemon.uri]);
    t.is(code, 0, stderr);
    t.deepEqual(stdout.trim().split("\n"), [
      "0",
      "access denied: 'test' denied access",
      "access denied: 'test' denied access",
    ]);
    await until(() =>
      /"uid":1,.*"by":\{"pid":\d+,"uid":0\}.*"permission":"domain:stop".*access denied/.test(daemon.log()),
    );
  });

  test.serial("a host whose polkit does not know the actions is told what to copy", async (t) => {
    await writeFile(join(polkit.actions, "org.libvirt.api.policy"), "<policyconfig/>");
    await polkit.endPolkitd();
    await polkit.startPolkitd();
    const daemon = await serve(t);
    await until(() =>
      /everybody but root is refused: .*Action org\.libvirt\.api\.connect\.getattr is not registered/.test(
        daemon.log(),
      ),
    );
    t.regex(daemon.log(), /"hint":"copy the files in \S+\/polkit to \/usr\/share\/polkit-1\/actions/);
  });
}
