import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHAIN_GUEST, CHAIN_STEPS, CHAIN_STEPS_OFF, makeChainImages, OWN_CHAIN_GUEST } from "./harness/chain-steps.js";
import { outputOf } from "./harness/command.js";
import { EventRecorder } from "./harness/event-recorder.js";
import { FREE, isLeased, LabelDaemon, ownershipOf, usedBy } from "./harness/label-daemon.js";
import { type Need, program, testWith } from "./harness/needs.js";
import { ourDaemon, type Peer, realLibvirtd } from "./harness/peer.js";
import { until } from "./harness/processes.js";
import { Virsh } from "./harness/virsh.js";
import { withPeer } from "./harness/with-peer.js";

const PROGRAMS = ["virsh", "stdbuf", "qemu-img", "qemu-io", "qemu-system-x86_64"];
const QEMU = await Promise.all(PROGRAMS.map(program));
const SIDE_BY_SIDE = [...QEMU, await program("libvirtd")];
const root: Need = { name: "only root may give files away", met: process.getuid?.() === 0, kind: "kernel" };
const LABELS = [...QEMU, ...(await Promise.all(["setpriv", "getfattr", "python3"].map(program))), root];

/** What two daemons, or two runs, may say differently. */
function normalised(text: string, peer: Peer, images: string): string {
  return text
    .replaceAll(peer.folder, "FOLDER")
    .replaceAll(images, "IMAGES")
    .replace(/FOLDER\/[^'"]*?domain-\d+-g/g, "GUEST")
    .replace(/ *<(seclabel|resource)\b[^>]*>[\s\S]*?<\/\1>\n/g, "")
    .replace(/ *<seclabel [^>]*\/>\n/g, "")
    .replace(/<domain type='qemu' id='\d+'/, "<domain type='qemu' id='N'")
    .replace(/<creationTime>\d+</g, "<creationTime>TIME<");
}

/** What virsh prints, step by step, with both documents before each; then the events of block jobs. */
async function chained(peer: Peer): Promise<string[]> {
  const images = await mkdtemp(join(tmpdir(), "chains-"));
  const virsh = new Virsh(peer.uri("qemu"));
  const events = await EventRecorder.start(virsh, "qemu");
  try {
    await chmod(images, 0o777);
    await makeChainImages(images);
    const told: string[] = [];
    const step = async (words: string) => {
      const { code, stdout, stderr } = await virsh.run(`dumpxml g; dumpxml g --inactive; ${inFolder(words, images)}`);
      told.push(`${words} -> ${code}\n${normalised(stdout + stderr, peer, images)}`);
    };
    await virsh.define(inFolder(CHAIN_GUEST, images));
    await virsh.ok("start", "g");
    for (const words of CHAIN_STEPS) await step(words);
    told.push((await readdir(images)).sort().join(" "));
    await makeChainImages(images);
    await virsh.define(inFolder(CHAIN_GUEST, images));
    await rm(join(images, "a.s1"), { force: true });
    for (const words of CHAIN_STEPS_OFF) await step(words);
    // What was told before it has come by then, too.
    await until("the last event", async () => events.events.filter((line) => /Undefined/.test(line)).length === 2);
    const blocks = events.events.filter((line) => /'block-job/.test(line));
    return [...told, ...blocks.map((line) => normalised(line, peer, images))];
  } finally {
    await events.stop();
    await rm(images, { recursive: true, force: true });
  }
}

function inFolder(text: string, images: string): string {
  return text.replaceAll("IMAGES", images);
}

testWith(
  "snapshots and block jobs go as with libvirtd: documents and complaints after each step, and events",
  SIDE_BY_SIDE,
  async (t) => {
    const theirs = await withPeer(chained, realLibvirtd);
    const ours = await withPeer(chained, ourDaemon);
    t.is(ours.length, theirs.length);
    for (const [at, told] of theirs.entries()) t.is(ours[at], told);
  },
);

testWith(
  "each image of a chain has its owner and lease back when it leaves, also under the next daemon",
  LABELS,
  async (t) => {
    const daemon = await LabelDaemon.make(`security_drivers = [ "security-dac" ]\nlock_manager = "lock-lockd"\n`);
    try {
      await daemon.start();
      const { virsh, images } = daemon;
      const guests = usedBy("65534:65534", 1);
      const ours = "65534:65534 +0:+0 1";
      const base = join(images, "a.qcow2");
      await makeChainImages(images);
      await outputOf("chown", [FREE, base]);
      await outputOf("chmod", ["600", base]);
      await virsh.define(inFolder(OWN_CHAIN_GUEST, images));
      /** Who owns the images, and which of them is leased: those that the guest writes. */
      const look = async (what: string, owners: Readonly<Record<string, string>>, leased: readonly string[]) => {
        const names = Object.keys(owners);
        const found = await Promise.all(
          names.map(async (name) => [name, await ownershipOf(join(images, name))] as const),
        );
        t.deepEqual(Object.fromEntries(found), owners, what);
        const held = await Promise.all(names.map((name) => isLeased(join(images, name))));
        t.deepEqual(
          names.filter((_, at) => held[at]),
          leased,
          what,
        );
      };
      const again = async () => {
        await daemon.end("SIGKILL");
        await daemon.start();
      };
      await virsh.ok("start", "g");
      await look("a start", { "a.qcow2": guests }, ["a.qcow2"]);
      t.regex(
        await virsh.fails("snapshot-create-as", "g", "no", "--disk-only", "--diskspec", `vda,file=${images}/no/folder`),
        /No such file or directory/,
      );
      await virsh.ok("snapshot-create-as", "g", "s1", "--disk-only");
      await virsh.ok("snapshot-create-as", "g", "s2", "--disk-only");
      await look("snapshots", { "a.qcow2": guests, "a.s1": ours, "a.s2": ours }, ["a.s2"]);
      await virsh.ok("blockcommit", "g", "vda", "--active", "--wait");
      await look("a copy down", { "a.qcow2": guests, "a.s1": ours, "a.s2": ours }, ["a.qcow2", "a.s2"]);
      await virsh.ok("blockjob", "g", "vda", "--abort");
      await look("its end", { "a.qcow2": guests, "a.s1": ours, "a.s2": ours }, ["a.s2"]);
      await virsh.ok("blockcommit", "g", "vda", "--active", "--wait");
      await again();
      await virsh.ok("blockjob", "g", "vda", "--pivot");
      await look("a pivot by the next daemon", { "a.qcow2": guests, "a.s1": "0:0", "a.s2": "0:0" }, ["a.qcow2"]);
      await virsh.ok("snapshot-create-as", "g", "s3", "--disk-only");
      await virsh.ok("blockpull", "g", "vda", "--bandwidth", "1");
      await again();
      await virsh.ok("blockjob", "g", "vda", "--bandwidth", "0");
      await until("the pull ends", async () => /^No current block job/.test(await virsh.ok("blockjob", "g", "vda")));
      await look("a pull under two daemons", { "a.qcow2": FREE, "a.s3": ours }, ["a.s3"]);
      await virsh.ok("destroy", "g");
      await look("the end", { "a.qcow2": FREE, "a.s1": "0:0", "a.s2": "0:0", "a.s3": "0:0" }, []);
      t.deepEqual(await daemon.belongings(), []);
    } finally {
      await daemon.dispose();
    }
  },
);
