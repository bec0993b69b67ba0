import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { runCommand } from "./harness/command.js";
import { printedBy, scriptOf } from "./harness/marked-script.js";
import { program, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { startXenStandIn } from "./harness/xen.js";

const VIRSH = [await program("virsh"), await program("nc")];
const PATIENCE_MS = 120_000;

const DOMAIN = `<domain type='xen'><name>g</name><uuid>11111111-2222-3333-4444-5555555555ab</uuid><memory unit='MiB'>64</memory>
  <vcpu>1</vcpu><os><type arch='x86_64' machine='xenpv'>linux</type><kernel>/guests/vmlinuz</kernel></os>
  <devices><console type='pty'><target type='xen'/></console></devices></domain>`;

/** What is typed, and what has to be among the answer. */
const SCRIPT: readonly (readonly [command: string, wanted: RegExp])[] = [
  ["version", /Running hypervisor: Xen 4\.17\.7/],
  ["event --domain 11111111-2222-3333-4444-5555555555ab --event lifecycle --timeout 1", /failed to get domain/],
  ["define FOLDER/g.xml", /^$/],
  ["start g", /^$/],
  ["event --domain g --event lifecycle --timeout 1", /event loop timed out/],
  ["list", /^ 1 +g +running$/m],
  ["cpu-compare FOLDER/cpu.xml", /cannot get host CPU capabilities/],
  ["migrate --live g URI", /^$/],
  ["domid g", /^2$/],
  ["destroy g", /^$/],
  ["undefine g", /^$/],
];

testWith("virsh drives domains of a made-up Xen", VIRSH, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "xen-"));
  const standIn = await startXenStandIn(join(folder, "dom0"));
  t.teardown(async () => {
    await standIn.close();
    await rm(folder, { recursive: true, force: true });
  });
  await writeFile(join(folder, "g.xml"), DOMAIN);
  await writeFile(join(folder, "cpu.xml"), "<cpu><arch>x86_64</arch><model>Westmere</model></cpu>");
  const words = Object.entries(standIn.settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  await withPolyvisord(
    async (daemon) => {
      const uri = daemon.uri("xen");
      const script = scriptOf(SCRIPT.map(([command]) => command));
      const filled = script.replaceAll("FOLDER", folder).replace("URI", `'${uri}'`);
      const run = ["-c", 'exec virsh -q -c "$0" "$1" 2>&1', uri, filled];
      const { stdout } = await runCommand("sh", run, { timeout: PATIENCE_MS });
      const told = printedBy(stdout);
      const says = SCRIPT.map(([command, wanted], at) => ({ command, wanted, said: told[at]?.trim() ?? "" }));
      t.deepEqual(
        says.filter(({ wanted, said }) => !wanted.test(said)),
        [],
      );
    },
    [],
    { xen: words.join("") },
  );
});

testWith("a dom0 that cannot be reached harms nobody else, and says so", VIRSH, async (t) => {
  await withPolyvisord(
    async (daemon) => {
      const ask = (uri: string) =>
        runCommand("sh", ["-c", 'exec virsh -q -c "$0" list 2>&1', uri], { timeout: PATIENCE_MS });
      t.regex((await ask(daemon.uri("test"))).stdout, /test/);
      t.regex((await ask(daemon.uri("xen"))).stdout, /dom0 127\.0\.0\.1:1: .*(refused|closed)/);
    },
    [],
    { xen: 'dom0 = "ssh://root@127.0.0.1:1"\n' },
  );
});

test("the page for operators tells every setting", async (t) => {
  const { readFile } = await import("node:fs/promises");
  const { project } = await import("./harness/project.js");
  const page = await readFile(join(project, "docs/plugins/xen.md"), "utf8");
  const manifest = JSON.parse(await readFile(join(project, "plugins/xen/package.json"), "utf8")) as {
    readonly polyvisor: { readonly configuration: { readonly properties: Readonly<Record<string, unknown>> } };
  };
  const settings = Object.keys(manifest.polyvisor.configuration.properties);
  t.deepEqual(
    settings.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});
