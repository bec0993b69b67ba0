import { runCommand } from "./harness/command.js";
import { type Compiler, compiled, GO, OCAML } from "./harness/compiled.js";
import { idleXml } from "./harness/guest-xml.js";
import { hypervisor, type Need, privateMounts, program, testWith } from "./harness/needs.js";
import { type Polyvisord, withPolyvisord } from "./harness/polyvisord.js";
import { PrivatePlace } from "./harness/private-place.js";
import { clientProgram, PYTHON, project } from "./harness/project.js";
import { isWhole } from "./harness/whole.js";

/** Bindings that nobody here wrote list, define, start and receive events, each with a program of its own in `clients`. */
const XML = "<domain type='test'><name>bound</name><memory>8192</memory><os><type>hvm</type></os></domain>";

/** The numbers of `virDomainEventType`: defined, started, stopped, undefined. */
const NUMBERS = ["0", "2", "5", "1"];
const EVENTS = (names: readonly string[]) => names.map((event) => `event bound ${event}`);

interface Binding {
  /** A command that succeeds where the binding can be used. */
  readonly probe: readonly [string, ...string[]];
  /** The program in `clients`. */
  readonly file: string;
  /** What runs the program, or what makes one that runs by itself. */
  readonly by: readonly string[] | Compiler;
  /** What the program gets; the URI by default. */
  readonly args?: (daemon: Polyvisord) => readonly string[];
  /** What it prints, line by line. */
  readonly prints: readonly string[];
}

/** Debian's package has no settings that load the binding; where a host has some, it would be loaded twice. */
const PHP = ["php", "-n", "-d", "extension=libvirt-php.so"] as const;

/** It is libvirt's client library once more, and half a minute of compiling. */
const WITH_SLOW_COMPILERS: Readonly<Record<string, Binding>> = {
  "libvirt-go lists, defines, starts and receives events": {
    probe: ["go", "list", "github.com/libvirt/libvirt-go"],
    file: "binding-libvirt.go",
    by: GO,
    prints: ["domains test", "active true", ...EVENTS(NUMBERS), "error 42 Domain not found"],
  },
};

const BINDINGS: Readonly<Record<string, Binding>> = {
  "php-libvirt-php lists, defines and starts; events it has none": {
    probe: [...PHP, "-r", "exit(function_exists('libvirt_connect') ? 0 : 1);"],
    file: "binding.php",
    by: PHP,
    prints: ["domains test", "defined bound", "active 1", "state 1", "error Domain not found"],
  },
  "libvirt-glib lists, defines, starts and receives events": {
    probe: [
      PYTHON,
      "-c",
      "import gi; gi.require_version('LibvirtGObject', '1.0'); from gi.repository import LibvirtGObject",
    ],
    file: "binding-glib.py",
    by: [PYTHON],
    prints: ["domains test", "state running", ...EVENTS(["added", "started", "stopped", "removed"])],
  },
  "ruby-libvirt lists, defines, starts and receives events": {
    probe: ["ruby", "-e", "require 'libvirt'"],
    file: "binding.rb",
    by: ["ruby"],
    prints: ["domains test", "active true", ...EVENTS(NUMBERS), "error 42 Domain not found"],
  },
  "libvirt-ocaml lists, defines, starts and receives events": {
    probe: ["ocamlfind", "query", "libvirt"],
    file: "binding.ml",
    by: OCAML,
    prints: [
      ...["domains test", "active true", ...EVENTS(["defined", "started", "stopped", "undefined"])],
      "error libvirt: VIR_ERR_NO_DOMAIN: VIR_FROM_TEST: Domain not found",
    ],
  },
  ...(isWhole ? WITH_SLOW_COMPILERS : {}),
  "digitalocean's go-libvirt, which has a client of its own, lists, defines, starts and receives events": {
    probe: ["go", "list", "github.com/digitalocean/go-libvirt"],
    file: "binding-digitalocean.go",
    by: GO,
    args: (daemon) => [daemon.socket, "test:///default"],
    prints: ["domains test", "active 1", ...EVENTS(NUMBERS), "error Domain not found"],
  },
};

async function isUsable([command, ...args]: Binding["probe"]): Promise<boolean> {
  return runCommand(command, args, { env: { ...process.env, ...GO.env } }).then(
    ({ code }) => code === 0,
    () => false,
  );
}

const USABLE = new Set(
  await Promise.all(Object.entries(BINDINGS).map(async ([title, { probe }]) => ((await isUsable(probe)) ? title : ""))),
);
const DBUS = [
  ...(await Promise.all(["libvirt-dbus", "dbus-daemon", "gdbus"].map(program))),
  await privateMounts(),
  ...(await hypervisor()),
];

for (const [title, { file, by, args, prints }] of Object.entries(BINDINGS)) {
  const need: Need = { name: `${title.split(" ")[0]} is not installed`, met: USABLE.has(title), kind: "program" };
  testWith(title, [need], async (t) => {
    t.timeout(600_000);
    const command = "length" in by ? [...by, clientProgram(file)] : [await compiled(file, by)];
    await withPolyvisord(async (daemon) => {
      const [program = "", ...before] = [...command, ...(args?.(daemon) ?? [daemon.uri("test")])];
      const { code, stdout, stderr } = await runCommand(program, before, { input: XML });
      t.is(code, 0, stdout + stderr);
      t.deepEqual(stdout.trim().split("\n"), prints);
    });
  });
}

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
      NUMBERS,
    );
  } finally {
    place.close();
  }
});
