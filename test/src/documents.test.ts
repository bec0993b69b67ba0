import { chown, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goldenData } from "@polyvisor/sdk/testkit";
import { type Answer, answersOf, type Document, documentsFor } from "./harness/documents.js";
import { AS_NOBODY, binding, type Need, program, readableTree, testWith } from "./harness/needs.js";
import { type Peer, realLibvirtd } from "./harness/peer.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { PYTHON } from "./harness/project.js";
import { withPeer } from "./harness/with-peer.js";

const DATA = goldenData();
const HAS_DATA: Need = { name: "libvirt's test data is not here", met: DATA !== undefined, kind: "data" };
const NEEDS = [
  HAS_DATA,
  ...(await Promise.all([program("libvirtd"), program("qemu-system-x86_64"), program("setpriv"), binding(PYTHON)])),
  await readableTree(),
];

/** So many documents have to be looked at, or the rule that chooses them has lost its meaning. */
const LEAST = 200;
const NOBODY = 65534;

/** A way in which the answers may differ, told in docs/differences.md. */
interface Accepted {
  readonly kind: string;
  readonly reason: string;
  fits(theirs: Answer, ours: Answer): boolean;
}

const ACCEPTED: readonly Accepted[] = [
  {
    kind: "passt",
    reason: "Debian builds libvirt without it, upstream's has it",
    fits: (theirs) => theirs.message?.endsWith("in element 'backend': 'passt'.") === true,
  },
  {
    kind: "elements of another hypervisor",
    reason: "libvirt drops them without a word, here what a user wrote is either done or refused",
    fits: (theirs, ours) =>
      theirs.code === undefined && /Did not expect element \w+:\w+ there/.test(ours.message ?? ""),
  },
];

/** The same user owns both daemons: what one may do on the host the other may do too. */
async function unprivilegedDaemon(): Promise<Peer> {
  const isRoot = process.getuid?.() === 0;
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-"));
  if (isRoot) await chown(folder, NOBODY, NOBODY);
  const daemon = new Polyvisord(folder, isRoot ? AS_NOBODY : []);
  try {
    await daemon.start();
  } catch (error) {
    await daemon.dispose();
    throw error;
  }
  const paths = { test: "/default", qemu: "/session" };
  return {
    name: "polyvisord",
    folder,
    socket: daemon.socket,
    uri: (driver, socket = daemon.socket) => `${driver}+unix://${paths[driver]}?socket=${socket}`,
    stop: () => daemon.dispose(),
  };
}

/** The first difference of each document that is not an accepted one. */
function unexplained(documents: readonly Document[], theirs: readonly Answer[], ours: readonly Answer[]): string[] {
  return documents.flatMap(({ name }, at) => {
    const [right = {}, given = {}] = [theirs[at], ours[at]];
    const words = differenceOf(right, given);
    if (words === undefined || ACCEPTED.some(({ fits }) => fits(right, given))) return [];
    return [`${name}: ${words}`];
  });
}

function differenceOf(theirs: Answer, ours: Answer): string | undefined {
  if (theirs.code !== ours.code) {
    return `code ${theirs.code ?? "none"}, ours ${ours.code ?? "none"}: ${theirs.message ?? ours.message}`;
  }
  for (const form of ["plain", "inactive", "migratable"] as const) {
    const [right, given] = [theirs[form]?.split("\n") ?? [], ours[form]?.split("\n") ?? []];
    const at = Array.from({ length: Math.max(right.length, given.length) }).findIndex(
      (_, line) => right[line] !== given[line],
    );
    if (at >= 0) return `${form}, line ${at + 1}: ${right[at]}, ours ${given[at]}`;
  }
  return undefined;
}

for (const driver of ["qemu", "test"] as const) {
  testWith(
    `documents come back from ${driver} as libvirtd gives them, or are refused with the same code`,
    NEEDS,
    async (t) => {
      const documents = await documentsFor(join(DATA ?? "", "qemuxml2argvdata"));
      t.true(documents.length >= LEAST, `only ${documents.length} documents fit`);
      const theirs = await withPeer((peer) => answersOf(peer, driver, documents), realLibvirtd);
      const ours = await withPeer((peer) => answersOf(peer, driver, documents), unprivilegedDaemon);
      t.is(theirs.length, documents.length);
      t.is(ours.length, documents.length);
      t.deepEqual(unexplained(documents, theirs, ours), []);
      const told = theirs.filter(({ code }) => code === undefined).length;
      t.log(`${documents.length} documents, ${told} defined, ${documents.length - told} refused`);
    },
  );
}
