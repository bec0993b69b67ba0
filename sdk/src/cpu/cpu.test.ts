import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import test from "ava";
import type { Cpu } from "../conf/domain/model/index.js";
import { armArchitecture } from "./arm.js";
import { cpuidKey, signatureBits, union, vendorBits } from "./bits.js";
import { translateCpu } from "./calls.js";
import { formatCpuDefinition, parseCpuDefinition } from "./document.js";
import { addressBits, armPartOf, microcodeOf, parseCpuinfo, pvrOf } from "./host/cpuinfo.js";
import { readMap } from "./map/source.js";
import { readX86Map } from "./map/x86.js";
import { ppc64Architecture } from "./ppc64.js";
import { S390_ARCHITECTURE } from "./s390.js";
import { decodeX86 } from "./x86/decode.js";
import { x86Architecture } from "./x86/index.js";

// A map of our own, of the form of libvirt's: three generations of one maker, which lost a feature on the way.

const FILES = {
  "index.xml": `<cpus>
    <arch name='x86'><include filename='x86.xml'/><include filename='new.xml'/></arch>
    <arch name='ppc64'>
      <vendor name='Mill'/><model name='POWER8'><vendor name='Mill'/><pvr value='0x004d0000' mask='0xffff0000'/></model>
      <model name='POWER9'><pvr value='0x004e0000' mask='0xffff0000'/></model>
    </arch>
    <arch name='arm'>
      <vendor name='Limb' value='0x41'/><feature name='fp'/>
      <model name='elbow'><vendor name='Limb'/><pvr value='0xd03'/></model>
    </arch>
  </cpus>`,
  "x86.xml": `<cpus>
    <vendor name='Mill' string='GenuineMill!'/><vendor name='Loom' string='GenuineLoom!'/>
    <feature name='spin'><cpuid eax_in='0x01' edx='0x00000001'/></feature>
    <feature name='weave'><cpuid eax_in='0x01' edx='0x00000002'/></feature>
    <feature name='dye'><cpuid eax_in='0x07' ecx_in='0x01' eax='0x80000000'/></feature>
    <feature name='fray' migratable='no'><cpuid eax_in='0x80000007' edx='0x00000100'/></feature>
    <feature name='knot'><msr index='0x10a' eax='0x00000001' edx='0x00000000'/></feature>
    <model name='jenny'><decode host='on' guest='on'/><signature family='6' model='1' stepping='0-3'/><vendor name='Mill'/>
      <feature name='spin'/></model>
    <model name='mule'><decode host='on' guest='on'/><model name='jenny'/><signature family='6' model='17'/>
      <feature name='weave'/></model>
  </cpus>`,
  "new.xml": `<cpus><model name='throstle'><decode host='off' guest='on'/><model name='mule'/>
    <feature name='dye' removed='yes'/></model></cpus>`,
};

const folder = await mkdtemp(join(tmpdir(), "polyvisor-cpu-map-"));
for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);

const map = readX86Map(await readMap("x86", [folder]));
const x86 = x86Architecture(map);
const ppc64 = ppc64Architecture(await readMap("ppc64", [folder]));
const arm = armArchitecture(await readMap("arm", [folder]));
test.after.always(() => rm(folder, { recursive: true, force: true }));

const host = parseCpuDefinition(
  "<cpu><arch>x86_64</arch><model>mule</model><vendor>Mill</vendor><feature name='fray'/></cpu>",
);
const guest = (attributes: string, model: string, ...features: readonly (readonly [policy: string, name: string])[]) =>
  parseCpuDefinition(
    `<cpu ${attributes}><model>${model}</model>${features.map(([policy, name]) => `<feature policy='${policy}' name='${name}'/>`).join("")}</cpu>`,
  ) as Cpu;
const exact = "match='exact'";
const said = (cpu: Cpu): string =>
  [cpu.model, ...cpu.features.map(({ name, policy }) => `${policy} ${name}`)].join(", ");
const words = (
  t: { throws(run: () => unknown, with_: { instanceOf: typeof VirtError }): { message: string } },
  run: () => unknown,
) => t.throws(run, { instanceOf: VirtError }).message;

test("the models of a map, those of several files, with what they inherit", (t) => {
  t.deepEqual(x86.modelNames, ["jenny", "mule", "throstle"]);
  t.deepEqual([...(map.models.get("throstle")?.bits ?? [])], [[cpuidKey(1, 0, "edx"), 3]]);
  t.is(x86.vendorOf("throstle"), "Mill");
  t.deepEqual(map.models.get("jenny")?.signatures, [{ family: 6, model: 1, steppings: [0, 1, 2, 3] }]);
});

test("without a map the error says what to install", async (t) => {
  const error = await t.throwsAsync(readMap("x86", [join(folder, "nowhere")]), { instanceOf: VirtError });
  t.is(error.code, "CONFIG_UNSUPPORTED");
  t.regex(error.message, /libvirt0/);
});

const INCOMPATIBLE = "incompatible: ";
const COMPARISONS: readonly (readonly [cpu: Cpu, result: string])[] = [
  [guest(exact, "jenny"), "superset"],
  [guest(exact, "mule"), "superset"],
  [guest(exact, "mule", ["optional", "fray"]), "identical"],
  [guest("match='strict'", "mule", ["require", "fray"]), "identical"],
  [
    guest("match='strict'", "jenny", ["disable", "fray"]),
    `${INCOMPATIBLE}Host CPU does not strictly match guest CPU: Extra features: weave`,
  ],
  [guest(exact, "mule", ["require", "dye"]), `${INCOMPATIBLE}Host CPU does not provide required features: dye`],
  [guest(exact, "mule", ["force", "dye"]), "superset"],
  [guest(exact, "jenny", ["forbid", "weave"]), `${INCOMPATIBLE}Host CPU provides forbidden features: weave`],
  [guest(exact, "jenny", ["forbid", "dye"]), "superset"],
  [
    { ...guest(exact, "jenny"), vendor: "Loom" },
    `${INCOMPATIBLE}host CPU vendor does not match required CPU vendor Loom`,
  ],
];

test("what a guest asks for, held against a host", (t) => {
  for (const [cpu, expected] of COMPARISONS) {
    const found = x86.compare(host, cpu);
    t.is(found.result === "incompatible" ? `${INCOMPATIBLE}${found.reason}` : found.result, expected, said(cpu));
  }
  t.is(
    words(t, () => x86.compare(host, guest(exact, "loom"))),
    "internal error: Unknown CPU model loom",
  );
  t.is(
    words(t, () => x86.checkFeatures(guest(exact, "mule", ["require", "felt"]))),
    "unsupported configuration: unknown CPU feature: felt",
  );
});

test("a guest's processor with the host's in its place", (t) => {
  const hostModel = parseCpuDefinition("<cpu mode='host-model'><feature policy='disable' name='weave'/></cpu>") as Cpu;
  t.is(said(x86.update(hostModel, host)), "mule, require fray, disable weave");
  t.is(
    said(x86.update(guest("match='minimum'", "jenny", ["optional", "dye"]), host)),
    "mule, require fray, disable dye",
  );
  t.is(said(x86.update(guest(exact, "throstle"), host)), "throstle, disable dye");
  t.is(
    words(t, () => x86.update(hostModel, undefined)),
    "unsupported configuration: unknown host CPU model",
  );
});

test("the best processor that several can play", (t) => {
  const jenny = parseCpuDefinition("<cpu><arch>x86_64</arch><model>jenny</model><feature name='fray'/></cpu>");
  t.is(said(x86.baseline([host, jenny], {})), "jenny, require fray");
  t.is(said(x86.baseline([host, jenny], { migratable: true })), "jenny");
  t.is(
    said(x86.expand(x86.baseline([host], { models: new Map([["jenny", {}]]) }))),
    "jenny, require fray, require spin, require weave",
  );
  const loom = { ...jenny, vendor: "Loom" };
  t.is(
    words(t, () => x86.baseline([host, loom], {})),
    "operation failed: CPU vendor Mill of model jenny differs from vendor Loom",
  );
});

test("a processor by what it says of itself", (t) => {
  const mill = vendorBits("GenuineMill!") ?? new Map();
  const make = { family: 6, model: 17, stepping: 4 };
  const bits = union(
    mill,
    signatureBits(make),
    new Map([
      [cpuidKey(1, 0, "edx"), 3],
      [cpuidKey(7, 1, "eax"), 0x80000000],
    ]),
  );
  const found = decodeX86(map, bits, { who: "host" });
  t.like(found, { vendor: "Mill", signature: make });
  t.is(found.model.name, "mule");
  t.deepEqual(found.features, [{ name: "dye", policy: "require" }]);
  const without = decodeX86(map, bits, { who: "guest", models: new Map([["throstle", { blockers: ["knot"] }]]) });
  t.deepEqual(
    [without.model.name, ...without.features.map(({ name, policy }) => `${policy} ${name}`)],
    ["throstle", "require dye", "disable knot"],
  );
});

test("a guest's processor as its emulator made it", (t) => {
  const [spin, weave] = ["spin", "weave"].map((name) => map.features.get(name)?.bits ?? new Map());
  const live = (cpu: Cpu) => x86.updateLive(cpu, spin ?? new Map(), weave ?? new Map());
  t.is(said(live(guest(exact, "mule"))), "mule, disable weave");
  t.is(said(live(guest(exact, "jenny", ["disable", "spin"]))), "jenny, require spin, disable weave");
  t.is(
    words(t, () => live(guest(`${exact} check='full'`, "mule"))),
    "operation failed: guest CPU doesn't match specification: missing features: weave",
  );
  t.is(
    words(t, () => live(guest(`${exact} check='full'`, "jenny", ["disable", "spin"]))),
    "operation failed: guest CPU doesn't match specification: extra features: spin, missing features: weave",
  );
});

test("a model that the hypervisor does not have", (t) => {
  const models = new Map([["jenny", {}]]);
  t.is(
    said(translateCpu(x86, guest(exact, "mule", ["disable", "spin"]), models)),
    "jenny, require weave, disable spin",
  );
  const strict = { ...guest(exact, "mule"), fallback: "forbid" as const };
  t.is(
    words(t, () => translateCpu(x86, strict, models)),
    "unsupported configuration: CPU model mule is not supported by hypervisor",
  );
});

test("POWER: a model is all there is", (t) => {
  const power = (model: string) => parseCpuDefinition(`<cpu><arch>ppc64le</arch><model>${model}</model></cpu>`);
  t.deepEqual(ppc64.decode(0x004d0200), { model: "POWER8", vendor: "Mill" });
  t.is(ppc64.compare(power("POWER8"), power("POWER9")).result, "incompatible");
  t.is(ppc64.compare(power("POWER8"), guest(exact, "POWER8_v1.0")).result, "identical");
  const compat = (mode: string) => ppc64.compare(power("POWER8"), guest("mode='host-model'", mode)).result;
  t.deepEqual([compat("power7"), compat("power9")], ["identical", "incompatible"]);
  t.is(
    words(t, () => compat("power12")),
    "internal error: Unknown compatibility mode power12",
  );
  t.is(
    words(t, () => ppc64.baseline([power("POWER8"), power("POWER9")], {})),
    "operation failed: CPUs are incompatible",
  );
  t.is(
    words(t, () => ppc64.decode(1)),
    "operation failed: Cannot find CPU model with PVR 0x00000001",
  );
});

test("ARM and s390: the hypervisor knows", (t) => {
  t.deepEqual(arm.decode(0xd03, 0x41), { model: "elbow", vendor: "Limb" });
  t.is(arm.compare(undefined, guest(exact, "knee")).result, "identical");
  t.is(
    words(t, () => arm.checkFeatures(guest(exact, "elbow", ["require", "sve"]))),
    "unsupported configuration: unknown CPU feature: sve",
  );
  t.is(
    words(t, () => S390_ARCHITECTURE.update(guest("match='minimum'", "z13"), undefined)),
    "unsupported configuration: match mode minimum not supported",
  );
});

test("a host's definition is printed as it was read", (t) => {
  const xml = `<cpu>
  <arch>x86_64</arch>
  <model>mule</model>
  <vendor>Mill</vendor>
  <microcode version='7'/>
  <signature family='6' model='17' stepping='4'/>
  <counter name='tsc' frequency='2300000000' scaling='no'/>
  <topology sockets='1' dies='1' cores='2' threads='1'/>
  <maxphysaddr mode='emulate' bits='46'/>
  <feature name='fray'/>
</cpu>
`;
  t.is(formatCpuDefinition(parseCpuDefinition(xml)), xml);
  t.is(
    words(t, () => parseCpuDefinition(xml.replace("<cpu>", "<cpu match='exact'>"))),
    "XML error: 'arch' element cannot be used inside 'cpu' element with 'match' attribute'",
  );
});

test("what the kernel says of a processor", (t) => {
  const x86Info = parseCpuinfo(
    "processor\t: 0\nmicrocode\t: 0x2b0\naddress sizes\t: 46 bits physical, 57 bits virtual\n\nprocessor\t: 1\n",
  );
  t.is(microcodeOf(x86Info), 0x2b0);
  t.is(addressBits(x86Info), 46);
  t.is(pvrOf(parseCpuinfo("cpu\t\t: POWER9, altivec supported\nrevision\t: 2.2 (pvr 004e 1202)\n")), 0x004e1202);
  const armInfo = parseCpuinfo("Features\t: fp asimd cpuid\nCPU implementer\t: 0x41\nCPU part\t: 0xd03\n");
  t.deepEqual(armPartOf(armInfo), { part: 0xd03, implementer: 0x41, features: ["fp", "asimd", "cpuid"] });
});
