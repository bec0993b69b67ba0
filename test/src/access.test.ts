import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, runCommand } from "./harness/command.js";
import { EventRecorder } from "./harness/event-recorder.js";
import { idleXml } from "./harness/guest-xml.js";
import { AS_NOBODY, program, readableTree, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { Virsh } from "./harness/virsh.js";
import { withFiles } from "./harness/with-peer.js";

const VIRSH = await program("virsh");
const NEEDS = [VIRSH, await program("stdbuf"), await program("setpriv"), await readableTree()];
const NOBODY = 65534;
const uuid = (digit: number) => `6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f5${digit}`;

const RULES = `allow user=root *
deny  user=${NOBODY} domain:stop domain_name=web-precious
allow user=${NOBODY} connect:getattr,connect:search_domains
allow user=${NOBODY} domain:* domain_name=web-*
`;

/** A daemon on which every user may connect, and rules say what each may do. */
async function withRules(rules: string, body: (daemon: Polyvisord) => Promise<void>): Promise<void> {
  const daemon = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")));
  try {
    const folder = join(daemon.root, "etc/libvirt");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "polyvisord.conf"), 'access_drivers = [ "rules" ]\nunix_sock_rw_perms = "0777"\n');
    await writeFile(join(folder, "access.rules"), rules);
    await chmod(daemon.root, 0o755);
    await daemon.start();
    await body(daemon);
  } finally {
    await daemon.dispose();
  }
}

function asNobody(uri: string, ...args: readonly string[]): Promise<Outcome> {
  const [command, ...rest] = AS_NOBODY;
  const env = { ...process.env, HOME: "/nonexistent", XDG_RUNTIME_DIR: "/nonexistent" };
  return runCommand(command, [...rest, "virsh", "-c", uri, ...args], { env });
}

testWith("rules say who sees and does what, and a refusal is logged with who asked what of which object", NEEDS, (t) =>
  withRules(RULES, async (daemon) => {
    const uri = daemon.uri("test");
    const root = new Virsh(uri);
    const [web, precious, db] = ["web-1", "web-precious", "db"];
    // The test driver forgets everything with its last client: one that stays keeps it.
    await withFiles(
      Object.fromEntries([web, precious, db].map((name, i) => [name, idleXml(name, "test", uuid(i))])),
      async (paths) => {
        const steps = [web, precious, db].map((name) => `define ${paths[name]}; start ${name}`).join("; ");
        const holder = await EventRecorder.start(root, "test");
        t.is((await root.run(steps)).code, 0);

        const seen = await asNobody(uri, "list", "--all", "--name");
        t.deepEqual(seen.stdout.trim().split("\n").sort(), [web, precious].sort(), seen.stderr);
        t.regex((await asNobody(uri, "dominfo", db)).stderr, /failed to get domain 'db'/);
        t.regex((await asNobody(uri, "dominfo", uuid(2))).stderr, /failed to get domain/);
        t.is((await asNobody(uri, "suspend", web)).code, 0);
        t.is((await asNobody(uri, "destroy", web)).code, 0);
        const refused = await asNobody(uri, "destroy", precious);
        t.is(refused.code, 1);
        t.regex(refused.stderr, /access denied: 'test' denied access/);
        t.is(await root.ok("domstate", precious), "running");
        t.regex((await asNobody(uri, "capabilities")).stderr, /access denied/);

        t.regex(daemon.said, /access denied/);
        t.regex(daemon.said, /"permission":"domain:stop"/);
        t.regex(daemon.said, /"domain_name":"web-precious"/);
        t.regex(daemon.said, new RegExp(`"uid":${NOBODY}`));
        await root.ok("destroy", db);
        await holder.stop();
      },
    );
  }),
);

testWith("a daemon whose rules have a mistake does not start, and says where it is", [VIRSH], async (t) => {
  const error = await t.throwsAsync(withRules("allow user=root *\nallow * domain:reed\n", async () => {}));
  t.regex(error?.message ?? "", /access\.rules:2: no call needs the permission 'domain:reed'/);
  t.regex(error?.message ?? "", /perhaps domain:read is meant/);
});
