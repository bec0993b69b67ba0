import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Connection, createHost, VirtError } from "@polyvisor/core";
import { askVirsh, hasVirsh90, type VirshAnswer } from "@polyvisor/sdk/testkit";
import test from "ava";

// libvirt's own test driver runs inside virsh: the same processors must have the same baseline here, to the last letter.

const PLUGIN = fileURLToPath(new URL("..", import.meta.url));
const URI = "test:///default";

const host = await createHost({ plugins: [PLUGIN] });
test.after.always(() => host[Symbol.asyncDispose]());

const x86 = (model: string, ...features: string[]): string =>
  `<cpu><arch>x86_64</arch><model>${model}</model>${features.map((name) => `<feature name='${name}'/>`).join("")}</cpu>`;
const made = (vendor: string, cpu: string): string => cpu.replace("</model>", `</model><vendor>${vendor}</vendor>`);
const power = (model: string): string => `<cpu><arch>ppc64</arch><model>${model}</model></cpu>`;

/** The options of `virsh cpu-baseline` and the processors. */
const BASELINES: Readonly<Record<string, readonly [options: string, ...cpus: string[]]>> = {
  "one processor": ["", x86("Haswell", "vmx", "invtsc")],
  "two generations": ["", x86("Nehalem", "vmx", "aes"), x86("Westmere", "vmx")],
  "two generations, in full": ["--features", x86("Nehalem", "vmx", "aes"), x86("Westmere", "vmx")],
  "migratable, which this driver does not know": ["--migratable", x86("Haswell", "invtsc")],
  "two makers' models": ["", x86("EPYC"), x86("Skylake-Server")],
  "two makers": ["", made("AMD", x86("EPYC")), made("Intel", x86("Skylake-Server"))],
  "a maker that the model does not have": ["", x86("qemu64"), made("AMD", x86("Skylake-Server"))],
  "a maker that nobody knows": ["", made("Acme", x86("qemu64"))],
  "makers of all": ["", made("Intel", x86("Penryn", "lahf_lm")), made("Intel", x86("Conroe", "cx16"))],
  "makers of some": ["", made("Intel", x86("Penryn")), x86("core2duo")],
  "very different ones": ["", x86("486"), x86("EPYC-Milan")],
  "an unknown model": ["", x86("Pentathlon")],
  "an unknown feature": ["", x86("qemu64", "telepathy")],
  "a feature twice": ["", x86("qemu64", "vmx", "vmx")],
  "no model": ["", "<cpu><arch>x86_64</arch></cpu>"],
  "no architecture": ["", "<cpu><model>qemu64</model></cpu>"],
  "an unknown architecture": ["", "<cpu><arch>z80</arch><model>qemu64</model></cpu>"],
  "an architecture without models": ["", "<cpu><arch>riscv64</arch><model>rv64</model></cpu>"],
  "a guest's": ["", "<cpu mode='custom'><arch>x86_64</arch><model>qemu64</model></cpu>"],
  "POWER of one generation": ["", power("POWER8"), power("POWER8")],
  "POWER of two generations": ["", power("POWER8"), power("POWER9")],
  "POWER that nobody knows": ["", power("POWER99")],
  ARM: ["", "<cpu><arch>aarch64</arch><model>cortex-a53</model><vendor>ARM</vendor></cpu>"],
  s390: ["", "<cpu><arch>s390x</arch><model>z13</model></cpu>"],
};

async function answer(work: (connection: Connection) => Promise<string>): Promise<VirshAnswer> {
  await using connection = await host.open(URI);
  try {
    return { xml: await work(connection) };
  } catch (error) {
    if (error instanceof VirtError) return { error: error.message };
    throw error;
  }
}

const compare = hasVirsh90() ? test : test.skip;

for (const [what, [options, ...xmlCPUs]] of Object.entries(BASELINES)) {
  compare(`like libvirt's test driver, the baseline of ${what}`, async (t) => {
    const theirs = askVirsh(URI, xmlCPUs.join(""), (file) => `cpu-baseline ${options} ${file}`);
    const flags = (options.includes("--features") ? 1 : 0) | (options.includes("--migratable") ? 2 : 0);
    const ours = await answer(({ api }) => api.connectBaselineCPU({ xmlCPUs, flags }));
    t.deepEqual(ours, theirs);
  });
}

for (const arch of ["x86_64", "i686", "ppc64", "ppc64le", "aarch64", "s390x", "riscv64", "z80"]) {
  compare(`like libvirt's test driver, the models of ${arch}`, async (t) => {
    const run = spawnSync("virsh", ["-q", "-c", URI, "cpu-models", arch], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    });
    const ours = await answer(async ({ api }) => (await api.connectGetCPUModelNames({ arch, flags: 0 })).join("\n"));
    if ("error" in ours) t.true(run.stderr.includes(`error: ${ours.error}\n`), run.stderr);
    else t.is(ours.xml, run.stdout.trim());
  });
}
