import { whyNoValidation } from "@polyvisor/sdk/testkit";
import test from "ava";
import { idleXml } from "./harness/guest-xml.js";
import { hypervisor, type Need, program, testWith } from "./harness/needs.js";
import { ourDaemon, type Peer, realLibvirtd } from "./harness/peer.js";
import { Virsh } from "./harness/virsh.js";
import { withFiles } from "./harness/with-peer.js";

// A real libvirtd says what a processor is, what it can play and what became of a guest's: ours must say the same.

const NEEDS = [...(await Promise.all([program("libvirtd"), program("virsh")])), ...(await hypervisor())];
const VALIDATION: Need = {
  name: "libvirt's schemas cannot be read here",
  met: (await whyNoValidation()) === undefined,
  kind: "data",
};

const UUID = "6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f51";

const host = (model: string, ...features: string[]): string =>
  `<cpu><arch>x86_64</arch><model>${model}</model>${features.map((name) => `<feature name='${name}'/>`).join("")}</cpu>`;
const guest = (attributes: string, inside: string): string => `<cpu ${attributes}>${inside}</cpu>`;
const exact = (model: string, ...features: readonly (readonly [policy: string, name: string])[]): string =>
  guest(
    "match='exact'",
    `<model>${model}</model>${features.map(([policy, name]) => `<feature policy='${policy}' name='${name}'/>`).join("")}`,
  );

/** Files of the commands below. */
const FILES = {
  old: host("486"),
  other: host("EPYC-Milan", "sse4a"),
  pair: host("Nehalem", "vmx", "invtsc") + host("Westmere", "vmx", "invtsc", "cmt"),
  unknown: host("Pentathlon"),
  power: "<cpu><arch>ppc64</arch><model>POWER8</model></cpu>",
  wish: exact("qemu64", ["disable", "svm"], ["forbid", "3dnow"]),
  forbids: exact("486", ["forbid", "sse2"]),
  strict: guest("match='strict'", "<model>486</model>"),
  vendor: guest("match='exact'", "<model>486</model><vendor>Hygon</vendor>"),
  wrong: guest("match='exact' model='x'", "<modell>486</modell>"),
};

const EMULATED = "--virttype qemu";
/** Commands about processors; `{name}` is the path of a file. */
const COMMANDS: readonly string[] = [
  "cpu-models x86_64",
  "cpu-models ppc64le",
  "cpu-models z80",
  ...(["old", "other", "wish", "forbids", "strict", "vendor", "unknown", "power"] as const).flatMap((name) => [
    `cpu-compare {${name}}`,
    `cpu-compare {${name}} --error`,
    `hypervisor-cpu-compare {${name}} ${EMULATED}`,
    `hypervisor-cpu-compare {${name}} ${EMULATED} --error`,
  ]),
  "hypervisor-cpu-compare {old} --arch aarch64",
  "hypervisor-cpu-compare {old} --virttype telepathy",
  "hypervisor-cpu-compare {old} --machine abacus --virttype qemu",
  "hypervisor-cpu-compare {old} --emulator /nowhere/qemu",
  ...(["pair", "unknown", "power"] as const).flatMap((name) => [
    `cpu-baseline {${name}}`,
    `cpu-baseline {${name}} --features`,
    `cpu-baseline {${name}} --migratable`,
    `hypervisor-cpu-baseline {${name}} ${EMULATED}`,
    `hypervisor-cpu-baseline {${name}} ${EMULATED} --features`,
    `hypervisor-cpu-baseline {${name}} ${EMULATED} --migratable`,
  ]),
];

/** Features that a processor tells in registers, and its clock: only who may use /dev/kvm learns of them. */
const REGISTERS = "rdctl-no|ibrs-all|rsba|skip-l1dfl-vmentry|ssb-no|mds-no|pschange-mc-no|tsx-ctrl|taa-no";
const KVM_ONLY = new RegExp(`^ *<(counter name='tsc'|feature name='(${REGISTERS})').*\\n|, (${REGISTERS})\\b`, "gm");

/** All that one virsh prints of some commands, in which `{name}` is the path of a file. */
async function transcript(
  peer: Peer,
  files: Readonly<Record<string, string>>,
  commands: readonly string[],
): Promise<string[]> {
  return withFiles(files, async (paths) => {
    const script = commands.map((command) => command.replace(/\{(\w+)\}/, (_, name: string) => paths[name] ?? ""));
    const { stdout, stderr } = await new Virsh(peer.uri("qemu")).run(script.join("; "));
    const hidden = (text: string) => Object.values(paths).reduce((left, path) => left.replaceAll(path, "FILE"), text);
    return [stdout, stderr].map(hidden);
  });
}

async function answers(peer: Peer): Promise<string[]> {
  const said = await transcript(peer, FILES, COMMANDS);
  const { stdout } = await new Virsh(peer.uri("qemu")).run("capabilities");
  const host = stdout.slice(stdout.indexOf("<cpu>"), stdout.indexOf("<pages"));
  return [...said, host].map((text) => text.replace(KVM_ONLY, ""));
}

/** One of each for the whole file: a libvirtd asks every emulator first what it can do. */
const peers: { theirs?: Promise<Peer>; ours?: Promise<Peer> } = {};

test.after.always(async () => {
  const stop = (peer: Promise<Peer> | undefined) => peer?.then((each) => each.stop());
  await Promise.all([stop(peers.theirs), stop(peers.ours)]);
});

async function both(ask: (peer: Peer) => Promise<string[]>): Promise<{ ours: string[]; theirs: string[] }> {
  peers.theirs ??= realLibvirtd();
  peers.ours ??= ourDaemon();
  return { theirs: await ask(await peers.theirs), ours: await ask(await peers.ours) };
}

const KINDS = [
  EMULATED,
  `${EMULATED} --machine q35`,
  `${EMULATED} --arch i686`,
  "--arch z80",
  "--machine abacus --virttype qemu",
];

testWith("libvirtd and polyvisord know the same of guests", NEEDS, async (t) => {
  const ask = (peer: Peer) =>
    transcript(
      peer,
      {},
      KINDS.map((kind) => `domcapabilities ${kind}`),
    );
  const { ours, theirs } = await both(ask);
  // What Windows can be told of KVM only those see who may use it.
  const plain = (texts: readonly string[]) => texts.map((text) => text.replace(/ *<hyperv [\s\S]*?<\/hyperv>\n/g, ""));
  t.deepEqual(plain(ours), plain(theirs));
});

testWith("libvirtd and polyvisord refuse the same descriptions of processors", [...NEEDS, VALIDATION], async (t) => {
  const validated = ["cpu-compare {old} --validate", "cpu-compare {wrong} --validate"];
  const { ours, theirs } = await both((peer) => transcript(peer, FILES, validated));
  t.deepEqual(ours, theirs);
});

testWith("libvirtd and polyvisord know the same of processors", NEEDS, async (t) => {
  const { ours, theirs } = await both(answers);
  t.deepEqual(ours, theirs);
});

/** Wishes for a guest's processor. */
const WISHES: Readonly<Record<string, string>> = {
  none: "",
  "the host's model": guest("mode='host-model'", ""),
  "the host's model, checked": guest("mode='host-model' check='full'", "<feature policy='disable' name='pku'/>"),
  "all there is": guest("mode='maximum'", ""),
  "a model that fits": exact("Nehalem"),
  "a model that does not": exact("Skylake-Server", ["disable", "mpx"]),
  "one that must fit in part": guest("mode='custom' match='exact' check='partial'", "<model>Skylake-Server</model>"),
  "a model with features that were taken away": exact("Icelake-Server"),
  "at least a model": guest("match='minimum'", "<model>Penryn</model>"),
  "optional features": exact("qemu64", ["optional", "avx2"], ["optional", "avx512f"]),
  "forbidden features": guest(
    "mode='custom' match='exact' check='partial'",
    "<model>qemu64</model><feature policy='forbid' name='avx2'/>",
  ),
  "a model that QEMU does not have": exact("cpu64-rhel6"),
  "an unknown feature": exact("qemu64", ["require", "telepathy"]),
};

const LIFE = [
  "define {guest}",
  "dumpxml guest",
  "dumpxml guest --update-cpu",
  "start guest --paused",
  "dumpxml guest",
  "dumpxml guest --migratable",
  "dumpxml guest --update-cpu",
  "destroy guest",
  "undefine guest",
];

/** A guest of each wish is defined, told, started, told again and forgotten; one that does not start says why. */
async function guestsOf(peer: Peer): Promise<string[]> {
  const said: string[] = [];
  for (const [what, cpu] of Object.entries(WISHES)) {
    const [stdout = "", stderr = ""] = await transcript(peer, { guest: idleXml("guest", "qemu", UUID, cpu) }, LIFE);
    const processors = stdout.match(/^ {2}<cpu(?:[^\n]*\/>|.*?^ {2}<\/cpu>)/gms) ?? [];
    said.push(what, ...processors, stderr);
  }
  return said;
}

testWith("guests of libvirtd and polyvisord get the same processor, and tell it", NEEDS, async (t) => {
  const { ours, theirs } = await both(guestsOf);
  t.deepEqual(ours, theirs);
});
