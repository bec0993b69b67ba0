import { chmod, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { configure, hasProgram, rootFolder, runProgram, startPolyvisord } from "../testing/process.js";

const why = process.getuid?.() !== 0 ? "it needs root" : (await hasProgram("virsh")) ? undefined : "no virsh here";

const NOBODY = 65534;

/** Runs virsh as nobody, in one group. */
const virshIn = (group: string, socket: string) => {
  const user = [`--reuid=${NOBODY}`, `--regid=${group}`, "--clear-groups"];
  return runProgram("setpriv", [...user, "virsh", "-c", `test+unix:///default?socket=${socket}`, "list"], {
    env: { HOME: "/nonexistent", XDG_RUNTIME_DIR: "", LC_ALL: "C" },
  });
};

if (why !== undefined) test.skip(`only who is in the group may use the sockets: ${why}`, () => {});
else {
  test("only who is in the group may use the sockets, as the settings say", async (t) => {
    const root = await rootFolder(t);
    await chmod(root, 0o755);
    const folder = join(root, "s");
    await mkdir(folder, { mode: 0o755 });
    const modes = 'unix_sock_rw_perms = "0770"\nunix_sock_ro_perms = "0770"\n';
    await configure(root, `unix_sock_group = "games"\n${modes}unix_sock_dir = "${folder}"\n`);
    await startPolyvisord(t, root);
    const games = Number((await runProgram("getent", ["group", "games"])).stdout.split(":")[2]);
    for (const name of ["libvirt-sock", "libvirt-sock-ro"]) {
      const socket = join(folder, name);
      const { mode, gid } = await stat(socket);
      t.deepEqual([mode & 0o777, gid], [0o770, games]);
      t.is((await virshIn("games", socket)).code, 0);
      const refused = await virshIn("nogroup", socket);
      t.is(refused.code, 1);
      t.regex(refused.stderr, new RegExp(`Failed to connect socket to '${socket}': Permission denied`));
    }
  });

  test("all users may look for the sockets, but only the owner may use the one to change things", async (t) => {
    const root = await rootFolder(t);
    await chmod(root, 0o755);
    const { socket } = await startPolyvisord(t, root);
    t.is((await virshIn("nogroup", `${socket}-ro`)).code, 0);
    t.regex((await virshIn("nogroup", socket)).stderr, /Permission denied/);
  });
}
