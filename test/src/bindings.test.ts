import type { ExecutionContext } from "ava";
import { runCommand } from "./harness/command.js";
import { idleXml } from "./harness/guest-xml.js";
import { hypervisor, type Need, privateMounts, program, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { PrivatePlace } from "./harness/private-place.js";
import { clientProgram, PYTHON, project } from "./harness/project.js";

/** Bindings that nobody here wrote list, define, start and receive events, each with a program of its own in `clients`. */
const XML = "<domain type='test'><name>bound</name><memory>8192</memory><os><type>hvm</type></os></domain>";

/** A binding that its interpreter can load. */
async function loadable(name: string, command: string, ...args: readonly string[]): Promise<Need> {
  const met = await runCommand(command, args).then(
    ({ code }) => code === 0,
    () => false,
  );
  return { name: `${name} is not installed`, met, kind: "program" };
}

const PHP = await loadable("php-libvirt-php", "php", "-r", "exit(function_exists('libvirt_connect') ? 0 : 1);");
const GLIB = await loadable(
  "libvirt-glib",
  PYTHON,
  "-c",
  "import gi; gi.require_version('LibvirtGObject', '1.0'); from gi.repository import LibvirtGObject",
);
const DBUS = [
  ...(await Promise.all(["libvirt-dbus", "dbus-daemon", "gdbus"].map(program))),
  await privateMounts(),
  ...(await hypervisor()),
];

/** What a client's program prints about a daemon with the test driver. */
async function printed(t: ExecutionContext, command: string, file: string): Promise<readonly string[]> {
  return withPolyvisord(async (daemon) => {
    const outcome = await runCommand(command, [clientProgram(file), daemon.uri("test")], { input: XML });
    t.is(outcome.code, 0, outcome.stderr);
    return outcome.stdout.trim().split("\n");
  });
}

testWith("php-libvirt-php lists, defines and starts; events it has none", [PHP], async (t) => {
  t.deepEqual(await printed(t, "php", "binding.php"), [
    "domains test",
    "defined bound",
    "active 1",
    "state 1",
    "error Domain not found",
  ]);
});

testWith("libvirt-glib lists, defines, starts and receives events", [GLIB], async (t) => {
  t.deepEqual(await printed(t, PYTHON, "binding-glib.py"), [
    "domains test",
    "state running",
    ...["added", "started", "stopped", "removed"].map((event) => `event bound ${event}`),
  ]);
});

/** Resumed and shut down: a start may tell of the one, and an emulator that is ended of the other. */
const OPTIONAL = ["4", "6"];

/** It knows its URIs by itself, so our daemon stands at libvirt's own paths. */
testWith("libvirt-dbus lists, defines, starts and receives events", DBUS, async (t) => {
  const place = new PrivatePlace();
  try {
    await place.ready();
    await place.serve(process.execPath, `${project}daemon/bin/polyvisord.js`, "--as-libvirt");
    const xml = idleXml("bound", "qemu", "00000000-0000-0000-0000-00000000b0bd");
    const { code, stdout, stderr } = await place.run(clientProgram("binding-dbus.sh"), "/run", xml);
    t.is(code, 0, stderr);
    t.regex(stdout, /^domains \(@ao \[\],\)$/m);
    t.regex(stdout, /^active \(<true>,\)$/m);
    t.regex(stdout, /^nobody .*Domain not found: no domain with matching name 'nobody'$/m);
    const events = [...stdout.matchAll(/DomainEvent \(objectpath '[^']*', (\d+), \d+\)/g)].map(([, event]) => event);
    t.deepEqual(
      events.filter((event) => !OPTIONAL.includes(event ?? "")),
      ["0", "2", "5", "1"],
    );
  } finally {
    place.close();
  }
});
