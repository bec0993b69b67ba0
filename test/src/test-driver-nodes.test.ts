import { chmod } from "node:fs/promises";
import { dirname } from "node:path";
import { runCommand } from "./harness/command.js";
import { AS_NOBODY, program, testWith } from "./harness/needs.js";
import { type Polyvisord, withPolyvisord } from "./harness/polyvisord.js";
import { BAD_NODES, NODE_FILES, NODE_SCRIPTS } from "./harness/test-node-documents.js";
import { Virsh } from "./harness/virsh.js";
import { virshOn } from "./harness/virsh-transcript.js";
import { withFiles } from "./harness/with-peer.js";

const VIRSH = [await program("virsh")];

const uriOf = ({ socket }: Polyvisord, path: string, more = "") => `test+unix://${path}?socket=${socket}${more}`;

testWith("virsh finds the same in a node's file with libvirt's test driver and with ours", VIRSH, (t) =>
  withFiles(NODE_FILES, (paths) =>
    withPolyvisord(async (daemon) => {
      for (const [name, script] of Object.entries(NODE_SCRIPTS)) {
        const commands = script.trim().split("\n");
        const path = paths[name as keyof typeof paths];
        const theirs = await virshOn(`test://${path}`, commands, paths);
        t.deepEqual(await virshOn(uriOf(daemon, path), commands, paths), theirs, name);
      }
    }),
  ),
);

testWith("virsh hears the same of a file that describes no node", VIRSH, (t) =>
  withFiles(NODE_FILES, (paths) =>
    withPolyvisord(async (daemon) => {
      for (const name of BAD_NODES) {
        const theirs = await new Virsh(`test://${paths[name]}`).fails("list");
        t.is(await new Virsh(uriOf(daemon, paths[name])).fails("list"), theirs, name);
      }
    }),
  ),
);

testWith("a node with users is opened by one of them alone", VIRSH, (t) =>
  withFiles(NODE_FILES, ({ locked }) =>
    withPolyvisord(async (daemon) => {
      const open = (more: string) => new Virsh(uriOf(daemon, locked, more));
      t.is(await open("&username=alice&password=secret").ok("list", "--name"), "");
      t.regex(await open("").fails("list"), /invalid argument: Missing authentication credentials$/);
      const refused = /authentication failed, see test XML for the correct username\/password$/;
      t.regex(await open("&username=alice&password=wrong").fails("list"), refused);
      t.regex(await open("&username=eve&password=secret").fails("list"), refused);
    }),
  ),
);

testWith("a node's file is read with the client's rights, and not at all by who may only look", VIRSH, (t) =>
  withFiles(NODE_FILES, ({ empty }) =>
    withPolyvisord(async (daemon) => {
      const reader = new Virsh(`test+unix://${empty}?socket=${daemon.readOnlySocket}`);
      t.regex(await reader.fails("list"), /operation forbidden: read only access prevents reading a node's file$/);
      if (process.getuid?.() !== 0) return;
      await chmod(daemon.root, 0o755);
      await chmod(daemon.socket, 0o777);
      await chmod(dirname(empty), 0o755);
      const asNobody = () => {
        const [command, ...args] = AS_NOBODY;
        return runCommand(command, [...args, "virsh", "-c", uriOf(daemon, empty), "list"], {
          env: { ...process.env, HOME: "/nonexistent" },
        });
      };
      t.is((await asNobody()).code, 0);
      await chmod(empty, 0o600);
      const { code, stderr } = await asNobody();
      t.is(code, 1);
      t.regex(stderr, /XML error: failed to parse xml document/);
    }),
  ),
);
