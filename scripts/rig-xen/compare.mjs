import { strictEqual } from "node:assert/strict";
import { document } from "./dom0.mjs";

const UUID = "11111111-2222-3333-4444-5555555555c0";
/** What differs between two looks. */
const VARIES = [/^CPU time/, /^CPU frequency/, /^Id:/, /tty=|<source path=/];

/**
 * Sizes of memory without what is below a MiB, of which xl tells nothing: a domain's are of whole ones, the host's is not. An
 * id is that of one start.
 */
const comparable = (line) =>
  line
    .replace(/^((?:Used|Max) memory: +)(\d+) KiB$/, (_, words, size) => `${words}${Math.round(size / 1024)} MiB`)
    .replace(/^(Memory size: +)(\d+) KiB$/, (_, words, size) => `${words}${Math.floor(size / 1024)} MiB`)
    .replace(/^<domain type='xen' id='\d+'>/, "<domain type='xen' id='ID'>")
    .trimEnd();

/** The same words for each; what they answer is compared line by line, but for what is explained. */
const SCRIPT = [
  ["define", "FILE"],
  ["dumpxml", "side", "--inactive"],
  ["dominfo", "side"],
  ["domxml-to-native", "xen-xl", "FILE"],
  ["domxml-from-native", "xen-xl", "NATIVE"],
  ["vcpucount", "side"],
  ["start", "side"],
  ["start", "side"],
  ["domstate", "side", "--reason"],
  ["dumpxml", "side"],
  ["dominfo", "side"],
  ["vcpupin", "side"],
  ["vcpupin", "side", "0", "1"],
  ["vcpupin", "side"],
  ["schedinfo", "side"],
  ["schedinfo", "side", "--set", "cap=40"],
  ["setmem", "side", "900M"],
  ["setvcpus", "side", "9"],
  ["suspend", "side"],
  ["domstate", "side", "--reason"],
  ["resume", "side"],
  ["domjobinfo", "side"],
  ["desc", "side", "a guest"],
  ["desc", "side"],
  ["undefine", "side"],
  ["destroy", "side"],
  ["domstate", "side"],
  ["nodeinfo"],
  ["maxvcpus"],
  ["destroy", "Domain-0"],
];

async function answers(dom0, uri) {
  const file = await dom0.file("side.xml", document("side", UUID));
  const native = await dom0.file("pv1.cfg", await dom0.shell("cat /guests/pv1.cfg"));
  const all = [];
  for (const words of SCRIPT) {
    const said = await dom0.virsh(uri, ...words.map((word) => ({ FILE: file, NATIVE: native })[word] ?? word));
    const lines = said.replaceAll(file, "FILE").split("\n");
    const compared = lines.filter((line) => !VARIES.some((each) => each.test(line)));
    all.push([words.join(" "), compared.map(comparable)]);
  }
  return all;
}

/** Fails where an answer differs, and prints what does. */
export async function compare(dom0) {
  const ours = await answers(dom0, dom0.ours);
  const theirs = await answers(dom0, dom0.libvirtd);
  let differences = 0;
  for (const [index, [words, lines]] of ours.entries()) {
    const expected = theirs[index][1];
    const missing = expected.filter((line) => !lines.includes(line));
    const added = lines.filter((line) => !expected.includes(line));
    if (missing.length + added.length === 0) continue;
    differences++;
    console.log(`# ${words}\n${[...missing.map((line) => `-${line}`), ...added.map((line) => `+${line}`)].join("\n")}`);
  }
  console.log(`# ${SCRIPT.length - differences} of ${SCRIPT.length} answers are the same`);
  strictEqual(differences, 0);
}
