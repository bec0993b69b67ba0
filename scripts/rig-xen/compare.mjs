import { document } from "./dom0.mjs";

const UUID = "11111111-2222-3333-4444-5555555555c0";
const EXPLAINED = [
  /^CPU (time|frequency)/,
  // Figures that go on, and what xl prints only in MiB.
  /^(Used memory|Max memory|Id|Security|OS Type|Free|Total|Managed save):?/,
  // libvirt's names of terminals and cards, which differ from start to start.
  /tty=|<source path=/,
];

/** The same words for each; what they answer is compared line by line, but for what is explained. */
const SCRIPT = [
  ["define", "FILE"],
  ["dumpxml", "side", "--inactive"],
  ["dominfo", "side"],
  ["vcpucount", "side"],
  ["start", "side"],
  ["start", "side"],
  ["domstate", "side", "--reason"],
  ["dumpxml", "side"],
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
  const all = [];
  for (const words of SCRIPT) {
    const said = await dom0.virsh(uri, ...words.map((word) => (word === "FILE" ? file : word)));
    const lines = said
      .replaceAll(file, "FILE")
      .split("\n")
      .map((line) => line.trimEnd());
    all.push([words.join(" "), lines.filter((line) => !EXPLAINED.some((each) => each.test(line)))]);
  }
  return all;
}

/** Prints what differs. Only an answer of ours that has nothing of libvirt's fails: see docs/plugins/xen.md for the rest. */
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
}
