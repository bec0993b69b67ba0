import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { configure, hasProgram, rootFolder, runAs, startPolyvisord } from "../testing/process.js";
import { until } from "../testing/serve.js";

const isHere = (await hasProgram("virsh")) && process.getuid?.() === 0;

const RULES = `deny  user=daemon node_device:read  node_device_name=computer
deny  user=daemon domain:start      domain_name=test
allow * *
`;

(isHere ? test : test.skip)(
  "rules about a name hold for calls that know the object by its name alone, or by a file (needs root and virsh)",
  async (t) => {
    const root = await rootFolder(t);
    await chmod(root, 0o755);
    const settings = await configure(root, 'access_drivers = [ "rules" ]\nunix_sock_rw_perms = "0777"\n');
    await writeFile(join(settings, "../access.rules"), RULES);
    const daemon = await startPolyvisord(t, root);
    const virsh = (user: string, words: string) => runAs(user, "virsh", ["-c", daemon.uri, words]);

    t.regex((await virsh("root", "nodedev-dumpxml computer")).stdout, /<name>computer<\/name>/);
    t.regex((await virsh("daemon", "nodedev-dumpxml computer")).stderr, /access denied/);
    await until(() => /"permission":"node_device:read","object":\{"node_device_name":"computer"\}/.test(daemon.log()));

    // The test driver forgets everything with its last client: both steps are those of one.
    const image = join(root, "image");
    const restored = await virsh("daemon", `save test ${image}; restore ${image}; list --all`);
    t.regex(restored.stderr, /Failed to restore domain from \S+\n.*access denied/);
    t.regex(restored.stdout, /test +shut off/);
    const byRoot = await virsh("root", `save test ${image}; restore ${image}; domstate test`);
    t.regex(byRoot.stdout, /running/, byRoot.stderr);
  },
);
