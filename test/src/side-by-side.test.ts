import { runCommand } from "./harness/command.js";
import { certainEvents, EventRecorder } from "./harness/event-recorder.js";
import { idleXml } from "./harness/guest-xml.js";
import { binding, hypervisor, program, testWith } from "./harness/needs.js";
import { type Driver, ourDaemon, type Peer, realLibvirtd } from "./harness/peer.js";
import { clientProgram, PERL, PYTHON } from "./harness/project.js";
import { Virsh } from "./harness/virsh.js";
import { hostSteps, NAME, persistentSteps, runStep, transientSteps, UUID } from "./harness/virsh-script.js";
import { withFiles, withPeer } from "./harness/with-peer.js";

const VIRSH = await Promise.all([program("libvirtd"), program("virsh"), program("stdbuf")]);
const BINDINGS = await Promise.all([program("libvirtd"), binding(PYTHON), binding(PERL)]);
const NEEDS = { test: [], qemu: await hypervisor() };

/** What two daemons of one machine may say differently; docs/differences.md tells why. */
function normalised(text: string, peer: Peer): string {
  return (
    text
      .replaceAll(peer.folder, "FOLDER")
      .replace(/qemu\+unix:\/\/\/(session|system)/g, "qemu+unix:///MODE")
      .replace(/^(CPU frequency:|CPU time:|vcpu\.\d+\.time=|balloon\.\w+=|Memory size:) *.*$/gm, "$1 N")
      .replace(/(vcpu\.\d+\.(time|wait|delay)|balloon\.(rss|current|last-update)|cpu\.\w+)=\d+/g, "$1=N")
      .replace(/^Security (model|DOI|label):.*\n/gm, "")
      // The machine's daemon has groups for its guests, a user's has none.
      .replace(/ *<resource>[\s\S]*?<\/resource>\n/g, "")
      .replace(/ *<seclabel [\s\S]*?(<\/seclabel>|\/>)\n/g, "")
      .replace(/qemu(Domain|Connect)\w+|test(Domain|Connect)\w+/g, "FUNCTION")
  );
}

/** All that virsh prints, command by command, and the events in the end. */
async function virshTranscript(peer: Peer, driver: Driver): Promise<string[]> {
  const virsh = new Virsh(peer.uri(driver));
  const events = await EventRecorder.start(virsh, driver);
  const other = UUID.replace(/1$/, "2");
  // What the host is made of is told in other tests; this is about domains.
  const host = hostSteps(driver).filter(({ command }) => command !== "capabilities");
  try {
    return await withFiles({ xml: idleXml(NAME, driver, UUID), other: idleXml(NAME, driver, other) }, async (paths) => {
      const transcript: string[] = [];
      for (const step of [...host, ...persistentSteps(driver), ...transientSteps(driver)]) {
        const { code, stdout, stderr } = await runStep(virsh, step, paths);
        const told = normalised(stdout + stderr, peer)
          .replaceAll(paths.xml, "XML")
          .replaceAll(paths.other, "OTHER");
        transcript.push(`${step.command} -> ${code}\n${told}`);
      }
      await events.settle();
      return [...transcript, ...certainEvents(events.of("lifecycle"))];
    });
  } finally {
    await events.stop();
  }
}

async function bindingTranscript(peer: Peer, driver: Driver, interpreter: string, script: string): Promise<string[]> {
  const { stdout, stderr } = await withFiles({ xml: idleXml(NAME, driver, UUID) }, ({ xml }) =>
    runCommand(interpreter, [clientProgram(script), peer.uri(driver), xml]),
  );
  return certainEvents(normalised(stdout + stderr, peer).split("\n"));
}

async function both(transcript: (peer: Peer) => Promise<string[]>): Promise<{ ours: string[]; theirs: string[] }> {
  const [theirs, ours] = await Promise.all([realLibvirtd, ourDaemon].map((peer) => withPeer(transcript, peer)));
  return { theirs: theirs ?? [], ours: ours ?? [] };
}

for (const driver of ["test", "qemu"] as const) {
  testWith(`virsh hears the same of libvirtd and polyvisord: ${driver}`, [...VIRSH, ...NEEDS[driver]], async (t) => {
    const { ours, theirs } = await both((peer) => virshTranscript(peer, driver));
    t.deepEqual(ours, theirs);
  });
  testWith(
    `the bindings hear the same of libvirtd and polyvisord: ${driver}`,
    [...BINDINGS, ...NEEDS[driver]],
    async (t) => {
      for (const [interpreter, script] of [
        [PYTHON, "calls.py"],
        [PERL, "calls.pl"],
      ] as const) {
        const { ours, theirs } = await both((peer) => bindingTranscript(peer, driver, interpreter, script));
        t.deepEqual(ours, theirs, script);
      }
    },
  );
}
