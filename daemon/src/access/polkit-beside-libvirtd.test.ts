import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EMULATOR, hasEmulator, hasLibvirtd, startLibvirtd } from "@polyvisor/sdk/testkit";
import test from "ava";
import { startPolkit, whyNoPolkit } from "../testing/polkit.js";
import { configure, type Ended, hasProgram, rootFolder, runAs, startPolyvisord } from "../testing/process.js";

const why =
  (await whyNoPolkit()) ??
  ((await hasProgram("virsh")) ? undefined : "no virsh here") ??
  ((await hasLibvirtd()) && (await hasEmulator()) ? undefined : "no libvirtd with QEMU here");

/** The user who asks: the one whom libvirtd runs as, because its socket is for that user and root alone. */
const USER = "nobody";

const RULES = `polkit.addRule(function(action, subject) {
  if (subject.user != "${USER}" || action.id.indexOf("org.libvirt.api.") != 0) return;
  var name = action.lookup("domain_name");
  if (action.lookup("connect_driver") != "QEMU") return polkit.Result.NO;
  if (action.id == "org.libvirt.api.connect.read") return polkit.Result.NO;
  if (name == "web-known" && action.id == "org.libvirt.api.domain.delete") return polkit.Result.NO;
  if (name && name.indexOf("web-") == 0) return polkit.Result.YES;
  if (name) return polkit.Result.NO;
});
`;

const uuid = (digit: number) => `5f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f5${digit}`;

const guest = (name: string, digit: number) =>
  `<domain type='qemu'><name>${name}</name><uuid>${uuid(digit)}</uuid><memory>8192</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os><devices><emulator>${EMULATOR}</emulator></devices></domain>`;

const GUESTS = { "web-known": 1, "db-known": 2, "web-new": 3, "db-new": 4, "web-stolen": 2 };

/** What the user tries, each with a virsh of its own. */
const TRIES = [
  "list --all --name",
  "domstate web-known",
  "dominfo db-known",
  `domstate ${uuid(2)}`,
  "dumpxml --inactive db-known",
  "autostart web-known",
  "autostart web-known --disable",
  "undefine web-known",
  "undefine db-known",
  "define FOLDER/web-new.xml",
  "define FOLDER/db-new.xml",
  "list --all --name",
  // A name that is allowed with the UUID of a guest that is not.
  "define FOLDER/web-stolen.xml",
  "undefine web-new",
  "capabilities",
  "hostname",
];

if (why !== undefined) test.skip(`polkit's rules mean here what they mean to libvirtd: ${why}`, () => {});
else {
  // polkitd tells of objects only a daemon of root, or of the user who owns the actions.
  const polkit = await startPolkit(RULES, USER);
  process.env.DBUS_SYSTEM_BUS_ADDRESS = polkit.address;
  test.after.always(() => polkit.stop());

  test("the same rules of polkit mean to our daemon what they mean to libvirtd", async (t) => {
    const root = await rootFolder(t);
    await chmod(root, 0o755);
    for (const [name, digit] of Object.entries(GUESTS)) await writeFile(join(root, `${name}.xml`), guest(name, digit));
    await configure(root, 'access_drivers = [ "polkit" ]\nunix_sock_rw_perms = "0777"\n');
    const ours = await startPolyvisord(t, root);
    const theirs = await startLibvirtd('access_drivers = [ "polkit" ]', {
      env: { DBUS_SYSTEM_BUS_ADDRESS: polkit.address },
    });
    t.teardown(() => theirs.stop());

    const answersOf = async (uri: string) => {
      const virsh = (user: string, words: string): Promise<Ended> =>
        runAs(user, "virsh", ["-c", uri, words.replaceAll("FOLDER", root)]);
      for (const name of ["web-known", "db-known"]) {
        const defined = await virsh("root", `define FOLDER/${name}.xml`);
        t.is(defined.code, 0, defined.stderr);
      }
      const answers: string[] = [];
      for (const words of TRIES) {
        const { code, stdout, stderr } = await virsh(USER, words);
        answers.push(`${words}: ${code}\n${stdout}${stderr}`);
      }
      return answers;
    };
    const expected = await answersOf(`qemu+unix:///session?socket=${theirs.socket}`);
    t.deepEqual(await answersOf(`qemu+unix:///system?socket=${ours.socket}`), expected);
    t.regex(expected.join(), /'QEMU' denied access/);
  });
}
