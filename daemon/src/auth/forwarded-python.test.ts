import { hasLibvirtd, startLibvirtd } from "@polyvisor/sdk/testkit";
import test from "ava";
import { rootFolder, runProgram, startPolyvisord } from "../testing/process.js";

const hasBinding = (await runProgram("/usr/bin/python3", ["-c", "import libvirt"])).code === 0;
const testBeside = hasBinding && (await hasLibvirtd()) ? test : test.skip;

/** Says somebody else's name on one connection, in ways that work and in ways that do not. */
const SCRIPT = `
import libvirt, sys
libvirt.registerErrorHandler(lambda *a: None, None)
conn = libvirt.open(sys.argv[1])
for params in [
    {"user-name": "alice", "unix-user-id": 1000, "process-id": 4242, "process-time": 99},
    {"sasl-user-name": "alice@EXAMPLE", "x509-distinguished-name": "CN=alice", "selinux-context": "u:r:t"},
    {"system.token": "secret"},
    {},
    {"nonsense": "x"},
    {"user-name": "alice", "zebra": 1},
]:
    try:
        print(conn.setIdentity(params, 0), conn.getType())
    except libvirt.libvirtError as e:
        print(e.get_error_code(), e.get_error_domain(), e.get_error_message())
`;

testBeside(
  "libvirt's client speaks for others here as it does to libvirtd (needs libvirtd and python3-libvirt)",
  async (t) => {
    const ours = await startPolyvisord(t, await rootFolder(t));
    const theirs = await startLibvirtd();
    t.teardown(() => theirs.stop());
    const answersOf = async (socket: string) => {
      const { code, stdout, stderr } = await runProgram("/usr/bin/python3", [
        "-c",
        SCRIPT,
        `test+unix:///default?socket=${socket}`,
      ]);
      t.is(code, 0, stderr);
      return stdout.split("\n");
    };
    const expected = await answersOf(theirs.socket);
    t.deepEqual(await answersOf(ours.socket), expected);
    t.regex(expected[0] ?? "", /^0 Test/i);
    t.regex(expected[4] ?? "", /parameter 'nonsense' not supported/);
  },
);
