import type { ExecutionContext } from "ava";
import { runCommand } from "./harness/command.js";
import { certainEvents, EventRecorder } from "./harness/event-recorder.js";
import { idleXml } from "./harness/guest-xml.js";
import { binding, hypervisor, program, testWith } from "./harness/needs.js";
import type { Driver, Peer } from "./harness/peer.js";
import { clientProgram, PERL, PYTHON } from "./harness/project.js";
import { Virsh } from "./harness/virsh.js";
import { hostSteps, NAME, persistentSteps, runStep, transientSteps, UUID } from "./harness/virsh-script.js";
import { withFiles, withPeer } from "./harness/with-peer.js";

const VIRSH = await Promise.all([program("virsh"), program("stdbuf")]);
const BINDINGS = { "calls.py": await binding(PYTHON), "calls.pl": await binding(PERL) };
const NEEDS = { test: [], qemu: await hypervisor() };

/** What happens to the domain of the virsh script, in order. */
const EVENTS = {
  test: [
    ["Defined Added", "Started Booted", "Suspended Paused", "Resumed Unpaused", "Stopped Destroyed"],
    ["Started Booted", "Stopped Shutdown", "Undefined Removed"],
    ["Started Booted", "Stopped Destroyed"],
    ["Started Booted", "Defined Added", "Undefined Removed", "Stopped Destroyed"],
  ].flat(),
  qemu: [
    [
      "Defined Added",
      "Resumed Unpaused",
      "Started Booted",
      "Suspended Paused",
      "Resumed Unpaused",
      "Stopped Destroyed",
    ],
    ["Started Booted", "Suspended Paused", "Resumed Unpaused", "Stopped Destroyed"],
    ["Resumed Unpaused", "Started Booted", "Stopped Destroyed", "Undefined Removed"],
    ["Started Booted", "Suspended Paused", "Stopped Destroyed"],
    ["Resumed Unpaused", "Started Booted", "Defined Added", "Undefined Removed", "Stopped Destroyed"],
  ].flat(),
};

async function virshScript(t: ExecutionContext, peer: Peer, driver: Driver): Promise<void> {
  const virsh = new Virsh(peer.uri(driver));
  const events = await EventRecorder.start(virsh, driver);
  const other = UUID.replace(/1$/, "2");
  const files = { xml: idleXml(NAME, driver, UUID), other: idleXml(NAME, driver, other) };
  try {
    await withFiles(files, async (paths) => {
      for (const step of [...hostSteps(driver), ...persistentSteps(driver), ...transientSteps(driver)]) {
        const { code, stdout, stderr } = await runStep(virsh, step, paths);
        t.is(code !== 0, step.fails ?? false, `${step.command}: ${stdout}${stderr}`);
        t.regex(step.fails ? stderr : stdout, step.says, step.command);
      }
    });
    await events.settle();
    t.deepEqual(
      certainEvents(events.of("lifecycle")),
      EVENTS[driver].map((event) => `${NAME}: ${event}`),
    );
    // A reset is a reboot to the guest's firmware, which may tell of it more than once.
    t.is(events.of("reboot").length > 0, driver === "qemu");
  } finally {
    await events.stop();
  }
}

async function bindingScript(t: ExecutionContext, peer: Peer, driver: Driver, script: keyof typeof BINDINGS) {
  const interpreter = script === "calls.py" ? PYTHON : PERL;
  const { code, stdout, stderr } = await withFiles({ xml: idleXml(NAME, driver, UUID) }, ({ xml }) =>
    runCommand(interpreter, [clientProgram(script), peer.uri(driver), xml]),
  );
  t.is(code, 0, stdout + stderr);
  t.is(stderr, "");
  t.regex(stdout, /^lookup of nobody: error 42 .*Domain not found/m);
  t.regex(stdout, /^define nonsense: .*\b35\b/m);
  t.regex(stdout, /^stats: .*1/m);
  // Defined, started, suspended, stopped, undefined, in the numbers of the API.
  const kinds = [...stdout.matchAll(/^event: guest (?:lifecycle )?(\d) \d$/gm)].map(([, kind]) => Number(kind));
  for (const kind of [0, 2, 3, 5, 1]) t.true(kinds.includes(kind), `no event ${kind}: ${stdout}`);
}

for (const driver of ["test", "qemu"] as const) {
  testWith(`virsh takes ${driver} domains through their lives`, [...VIRSH, ...NEEDS[driver]], (t) =>
    withPeer((peer) => virshScript(t, peer, driver)),
  );
  for (const script of ["calls.py", "calls.pl"] as const) {
    testWith(`${script} takes ${driver} domains through their lives`, [BINDINGS[script], ...NEEDS[driver]], (t) =>
      withPeer((peer) => bindingScript(t, peer, driver, script)),
    );
  }
}
