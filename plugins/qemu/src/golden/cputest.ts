import { deepStrictEqual, strictEqual } from "node:assert";
import type { Cpu } from "@polyvisor/sdk/conf";
import {
  allBits,
  baselineOf,
  bitsByPolicy,
  type CpuArchitecture,
  type CpuBits,
  type CpuDefinition,
  decodeX86,
  formatCpuDefinition,
  hasFeature,
  isHostCpu,
  loadCpus,
  loadX86,
  parseCpuDefinition,
  readBits,
  readCpuDefinition,
  signatureOf,
  signatureWord,
  translateCpu,
  type UsableModels,
  updateCpu,
  type X86Architecture,
} from "@polyvisor/sdk/cpu";
import { expectMode, expectUnwrapped, type GoldenCase, type GoldenFiles, type GoldenRun } from "@polyvisor/sdk/golden";
import { childElements, parseXml } from "@polyvisor/sdk/xml";
import { cpuFrom, hostCpuFrom } from "../capabilities/derive.js";
import { isObject, type Json, objects } from "../capabilities/json.js";
import { x86BitsOf } from "../cpu/host-model.js";
import { modelsOf } from "../cpu/usable-models.js";
import { listField, textField } from "./fields.js";

type Test = (row: GoldenCase, files: GoldenFiles) => Promise<void>;

/** The processors themselves: compared, put in one, put in the host's place, told from what they say of themselves. */
export function cputest(): GoldenRun {
  return async (row, files) => {
    const test = TESTS[textField(row, "api") ?? ""];
    if (test === undefined) throw new Error(`unknown kind of test ${row.api}`);
    await test(row, files);
  };
}

const TESTS: Readonly<Record<string, Test>> = {
  cpuTestCompare: (row, files) =>
    failing(row, async () => {
      const [host, cpu] = [definition(row.input, files), definition(extra(row, 0), files)];
      const { result } = (await loadCpus(archOf(host, row))).compare(host, cpu);
      strictEqual(`VIR_CPU_COMPARE_${result.toUpperCase()}`, row.result);
    }),
  cpuTestUpdate: async (row, files) => {
    const [host, cpu] = [definition(row.input, files), definition(extra(row, 0), files)];
    const cpus = await loadCpus(archOf(host, row));
    expectCpu(row, files, updateCpu(cpus, cpu as Cpu, cpus.migratable(host)));
  },
  cpuTestGuestCPU: (row, files) =>
    failing(row, async () => {
      const [host, cpu] = [definition(row.input, files), definition(extra(row, 0), files)];
      const cpus = await loadCpus(archOf(host, row));
      if (cpus.compare(host, cpu).result === "incompatible") throw new Error("the host cannot play it");
      const models = MODELS[textField(row, "models") ?? ""];
      expectCpu(row, files, translateCpu(cpus, updateCpu(cpus, cpu as Cpu, host), models));
    }),
  cpuTestBaseline: async (row, files) => {
    const cpus = childElements(parseXml(files.text(row.input)), "cpu").map(readCpuDefinition);
    await expectBaseline(row, files, cpus);
  },
  cpuTestCPUIDBaseline: (row, files) =>
    expectBaseline(
      row,
      files,
      [row.input, ...row.extraInputs].map((path) => definition(path, files)),
    ),
  cpuTestHasFeature: (row, files) =>
    failing(row, async () => {
      const { map } = await loadX86();
      const host = definition(row.input, files);
      const feature = textField(row, "feature") ?? "";
      for (const bits of [allBits(map, host), bitsByPolicy(map, host, "require")])
        strictEqual(hasFeature(map, bits, feature) ? "YES" : "NO", row.result);
    }),
  cpuTestHostCPUID: async (row, files) => {
    const { map } = await loadX86();
    const { model, vendor, features, signature } = decodeX86(map, bitsIn(row.input, files), { who: "host" });
    const names = features.map(({ name }) => name);
    expectCpu(row, files, { arch: "x86_64", model: model.name, vendor, signature, features: names });
  },
  cpuTestGuestCPUID: async (row, files) => {
    const json = row.extraInputs.find((path) => path.endsWith(".json"));
    const models = json === undefined ? undefined : emulator(json, files).models;
    expectCpu(row, files, guestOf(await loadX86(), bitsIn(row.input, files), models));
  },
  cpuTestCPUIDSignature: async (row, files) => expectSignature(row, files, bitsIn(row.input, files)),
  cpuTestJSONSignature: async (row, files) => expectSignature(row, files, await emulatedBits(row, files)),
  cpuTestJSONCPUID: async (row, files) => {
    const { models } = emulator(row.input ?? "", files);
    expectCpu(row, files, guestOf(await loadX86(), await emulatedBits(row, files), models));
  },
  cpuTestUpdateLive: async (row, files) => {
    const cpus = await loadX86();
    const expected = definition(row.expected, files) as Cpu;
    const asked = sameModel(cpus, definition(row.input, files) as Cpu, expected, row, files);
    const live = cpus.updateLive(asked, bitsIn(extra(row, 0), files), bitsIn(extra(row, 1), files));
    strictEqual(live.model, expected.model);
    deepStrictEqual(requiredBy(cpus, live), requiredBy(cpus, expected));
  },
};

const models = (names: string): UsableModels => new Map(names.split(" ").map((name) => [name, {}]));
const MODELS: Readonly<Record<string, UsableModels>> = {
  model486: models("486"),
  nomodel: models("nomodel"),
  models: models("qemu64 core2duo Nehalem"),
  haswell: models("SandyBridge Haswell"),
  ppc_models: models("POWER6 POWER7 POWER8"),
};

async function failing(row: GoldenCase, work: () => Promise<void>): Promise<void> {
  await expectMode(row, work);
}

function extra(row: GoldenCase, at: number): string | null {
  return row.extraInputs[at] ?? null;
}

function definition(path: string | null, files: GoldenFiles): CpuDefinition {
  return parseCpuDefinition(files.text(path));
}

function archOf(host: CpuDefinition, row: GoldenCase): string {
  return isHostCpu(host) ? host.arch : (textField(row, "arch") ?? "");
}

function expectCpu(row: GoldenCase, files: GoldenFiles, cpu: CpuDefinition): void {
  expectUnwrapped(files, row.expected, formatCpuDefinition(cpu));
}

async function expectBaseline(row: GoldenCase, files: GoldenFiles, cpus: readonly CpuDefinition[]): Promise<void> {
  const flags = listField(row, "flags");
  const arch = textField(row, "arch") ?? "";
  const baseline = await baselineOf(cpus, {
    arch,
    migratable: flags.includes("VIR_CONNECT_BASELINE_CPU_MIGRATABLE"),
    expand: flags.includes("VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES"),
  });
  expectCpu(row, files, baseline);
  const { compare } = await loadCpus(arch);
  for (const cpu of cpus) if (compare(cpu, baseline).result === "incompatible") throw new Error("one cannot play it");
}

function bitsIn(path: string | null, files: GoldenFiles): CpuBits {
  return readBits(parseXml(files.text(path)));
}

function guestOf({ map }: X86Architecture, bits: CpuBits, usable: UsableModels | undefined): Cpu {
  const { model, vendor, features } = decodeX86(map, bits, { who: "guest", models: usable });
  return { mode: "custom", match: "exact", fallback: "forbid", model: model.name, vendor, features };
}

/** The replies of an emulator: its processor, then its models where it was asked for them. */
function emulator(path: string, files: GoldenFiles) {
  const [expansion, definitions] = files
    .text(path)
    .trim()
    .split(/\n\s*\n/)
    .map((text) => JSON.parse(text) as Json)
    .map((reply) => (isObject(reply) ? reply.return : undefined));
  const listed = objects(definitions).map(cpuFrom);
  return {
    cpu: hostCpuFrom((key) => (key.endsWith(":host") ? expansion : undefined), "host"),
    models: listed.length === 0 ? undefined : modelsOf("x86_64", listed),
  };
}

async function emulatedBits(row: GoldenCase, files: GoldenFiles): Promise<CpuBits> {
  return x86BitsOf(await loadX86(), "x86_64", emulator(row.input ?? "", files).cpu?.properties ?? [], false);
}

function expectSignature(row: GoldenCase, files: GoldenFiles, bits: CpuBits): void {
  const { family, model, stepping } = signatureOf(bits);
  const line = (name: string, value: number) =>
    `${`${name}:`.padEnd(10)}${String(value).padStart(3)} (0x${value.toString(16).padStart(2, "0")})\n`;
  const word = signatureWord({ family, model, stepping }).toString(16).padStart(6, "0");
  const lines = [line("family", family), line("model", model), line("stepping", stepping)];
  expectUnwrapped(files, row.expected, `${word}\n${lines.join("")}`);
}

/** What a host says of itself and what its emulator says may go by the names of two models. */
function sameModel(cpus: X86Architecture, cpu: Cpu, expected: Cpu, row: GoldenCase, files: GoldenFiles): Cpu {
  if (cpu.model === expected.model || expected.model === undefined) return cpu;
  const json = row.extraInputs.find((path) => path.endsWith(".json"));
  const known = json === undefined ? undefined : emulator(json, files).models?.get(expected.model);
  return translateCpu(cpus, { ...cpu, fallback: "allow" }, new Map([[expected.model, known ?? {}]]));
}

/** A processor that lacks a feature and one that says so are the same. */
function requiredBy(cpus: CpuArchitecture, cpu: Cpu): readonly string[] {
  return cpus.expand(cpu).features.flatMap(({ name, policy }) => (policy === "disable" ? [] : [name]));
}
