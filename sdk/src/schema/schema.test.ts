import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { readDomain } from "../conf/index.js";
import { whyNoValidation } from "../testkit/index.js";
import { DOCUMENT_KINDS, type DocumentKindName, parseValidXml, SchemaChecker, type ValidateOptions } from "./index.js";

const missing = await whyNoValidation();
const version = spawnSync("virsh", ["--version"], { encoding: "utf8" });
const hasVirsh = version.status === 0 && version.stdout.startsWith("9.0.");

/** A test of real validation; skipped by name where that cannot be had. */
function validates(title: string, body: (t: ExecutionContext) => Promise<void>, alsoMissing?: string): void {
  const why = missing ?? alsoMissing;
  if (why === undefined) test(title, body);
  else test.skip(`${title} (${why})`, body);
}

async function failure(xml: string, kind: DocumentKindName, options?: ValidateOptions): Promise<VirtError> {
  try {
    await parseValidXml(xml, kind, options);
  } catch (error) {
    if (error instanceof VirtError) return error;
    throw error;
  }
  throw new Error(`no error for ${xml}`);
}

async function folderFor(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-schema-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

const DOMAIN = `<domain type='test'>
  <name>g</name>
  <memory unit='MiB'>64</memory>
  <vcpu placement='static'>2</vcpu>
  <os><type>hvm</type></os>
  <devices>
    <disk type='file' device='disk'><source file='/a'/><target dev='vda' bus='virtio'/></disk>
  </devices>
</domain>`;

const BROKEN: Readonly<Record<string, string>> = {
  "a wrong word": DOMAIN.replace("static", "statc"),
  "an unknown element": DOMAIN.replace("<os>", "<oss/><os>"),
  "an unknown attribute": DOMAIN.replace("dev='vda'", "dev='vda' bsu='virtio'"),
  "a number that is none": DOMAIN.replace(">64<", ">lots<"),
  "a missing element": DOMAIN.replace("<target dev='vda' bus='virtio'/>", ""),
  "an element twice": DOMAIN.replace("<name>g</name>", "<name>g</name><name>h</name>"),
  "several mistakes": DOMAIN.replace(">64<", ">lots<").replace("'disk'", "'disc'").replace("hvm", "hvn"),
  "another root": "<network><name>n</name></network>",
  "nothing well-formed": "<domain><name>g</domain>",
};

for (const [what, xml] of Object.entries(BROKEN)) {
  const why = hasVirsh ? undefined : "virsh 9.0 is not installed";
  validates(
    `the words are libvirt's: ${what}`,
    async (t) => {
      const file = join(await folderFor(t), "g.xml");
      await writeFile(file, xml);
      const args = ["-q", "-c", "test:///default", "define", "--validate", file];
      const { stderr } = spawnSync("virsh", args, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
      const theirs = stderr.replace(/^error: Failed to define.*\n/, "").replace(/^error: /, "");
      t.is((await failure(xml, "domain")).message.trimEnd(), theirs.trimEnd());
    },
    why,
  );
}

validates("a broken document has its place, and what our own reading says of it", async (t) => {
  const xml = DOMAIN.replace("static", "statc");
  const plain = await failure(xml, "domain");
  t.like(plain, { code: "XML_INVALID_SCHEMA", number: 92, domain: "XML", position: { line: 4, column: 3 } });
  t.regex(plain.hint ?? "", /^Look at <vcpu> in line 4/);
  const explained = await failure(xml, "domain", { explain: (root) => readDomain(root) });
  t.is(explained.message, plain.message);
  t.regex(explained.hint ?? "", /^line 4: .*'placement'.*Did you mean 'static'\?/);
});

const VALID: Readonly<Record<DocumentKindName, string>> = {
  domain: DOMAIN,
  snapshot: "<domainsnapshot><name>s</name></domainsnapshot>",
  checkpoint: "<domaincheckpoint><name>c</name></domaincheckpoint>",
  backup: "<domainbackup/>",
  cpu: "<cpu><arch>x86_64</arch><model>qemu64</model></cpu>",
  network: "<network><name>n</name><bridge name='virbr0'/></network>",
  networkPort: `<networkport><uuid>6f0b2d3c-0000-4000-8000-000000000001</uuid><owner><name>g</name>
<uuid>6f0b2d3c-0000-4000-8000-000000000002</uuid></owner><mac address='52:54:00:01:02:03'/></networkport>`,
  storagePool: "<pool type='dir'><name>p</name><target><path>/p</path></target></pool>",
  storageVolume: "<volume><name>v</name><capacity unit='M'>1</capacity><target/></volume>",
  nodeDevice: "<device><name>d</name><capability type='scsi_host'><host>0</host></capability></device>",
  interface: "<interface type='ethernet' name='eth0'/>",
  nwfilter: "<filter name='f'/>",
  nwfilterBinding: `<filterbinding><owner><name>g</name><uuid>6f0b2d3c-0000-4000-8000-000000000002</uuid></owner>
<portdev name='vnet0'/><mac address='52:54:00:01:02:03'/><filterref filter='f'/></filterbinding>`,
  secret: "<secret ephemeral='no' private='yes'/>",
};

for (const kind of Object.keys(VALID) as DocumentKindName[]) {
  validates(`a ${kind} is held against its own schema`, async (t) => {
    const { root, schema } = DOCUMENT_KINDS[kind];
    t.is((await parseValidXml(VALID[kind], kind)).name, root);
    const strange = VALID[kind].replace(
      /(<\w+)([^>]*?)(\/?>)/,
      (_all, name, rest, end) => `${name}${rest} strange='yes'${end}`,
    );
    const error = await failure(strange, kind);
    t.is(error.code, "XML_INVALID_SCHEMA");
    t.true(error.message.includes(`Unable to validate doc against /usr/share/libvirt/schemas/${schema}\n`));
  });
}

validates("schemas that are absent are named, with what brings them", async (t) => {
  const error = await failure(DOMAIN, "domain", { folder: "/nonexistent" });
  t.is(error.code, "OPERATION_UNSUPPORTED");
  t.regex(error.message, /the schema \/nonexistent\/domain\.rng cannot be read/);
  t.regex(error.hint ?? "", /apt install libvirt0/);
});

validates("a schema that is none is told as libvirt tells it", async (t) => {
  const folder = await folderFor(t);
  await writeFile(join(folder, "domain.rng"), "<not-a-schema/>");
  const error = await failure(DOMAIN, "domain", { folder });
  t.is(error.code, "INTERNAL_ERROR");
  t.true(error.message.includes(`Unable to parse RNG ${folder}/domain.rng: `));
});

/** A program that stands in for the helper. */
async function standIn(t: ExecutionContext, code: string): Promise<string> {
  const file = join(await folderFor(t), "stand-in-helper.mjs");
  await writeFile(file, code);
  return file;
}

function checkerFor(t: ExecutionContext, options: ConstructorParameters<typeof SchemaChecker>[0]): SchemaChecker {
  const checker = new SchemaChecker(options);
  t.teardown(() => checker.close());
  return checker;
}

test("without the library the error says what to install (stand-in for the helper)", async (t) => {
  const reply = '{ id: m.id, outcome: { kind: "no-library", detail: "Cannot find module" } }';
  const helper = await standIn(t, `process.on("message", (m) => process.send(${reply}));`);
  const error = await failure(DOMAIN, "domain", { checker: checkerFor(t, { helper }) });
  t.is(error.code, "OPERATION_UNSUPPORTED");
  t.regex(error.message, /libxmljs2 is not installed/);
  t.regex(error.hint ?? "", /C\+\+ compiler/);
});

test("a helper that hangs is replaced; who comes next is served (stand-in for the helper)", async (t) => {
  const helper = await standIn(
    t,
    `process.on("message", (m) => {
  if (m.xml.includes("hang")) for (;;);
  process.send({ id: m.id, outcome: { kind: "valid" } });
});`,
  );
  const checker = checkerFor(t, { helper, deadline: 1000 });
  const hung = failure(DOMAIN.replace(">g<", ">hang<"), "domain", { checker });
  const next = parseValidXml(DOMAIN, "domain", { checker: checkerFor(t, { helper }) });
  t.is((await hung).code, "OPERATION_TIMEOUT");
  t.is((await next).name, "domain");
  t.is((await parseValidXml(DOMAIN, "domain", { checker })).name, "domain");
});

test("a helper that crashes is told and replaced (stand-in for the helper)", async (t) => {
  const helper = await standIn(
    t,
    `process.on("message", (m) => {
  if (m.xml.includes("crash")) process.kill(process.pid, "SIGSEGV");
  else process.send({ id: m.id, outcome: { kind: "valid" } });
});`,
  );
  const checker = checkerFor(t, { helper });
  const error = await failure(DOMAIN.replace(">g<", ">crash<"), "domain", { checker });
  t.is(error.code, "OPERATION_FAILED");
  t.regex(error.message, /ended \(SIGSEGV\)/);
  t.is((await parseValidXml(DOMAIN, "domain", { checker })).name, "domain");
});

test("a helper may not take more memory than it is given (stand-in for the helper)", async (t) => {
  const helper = await standIn(
    t,
    `const kept = [];
process.on("message", () => { for (;;) kept.push(Buffer.alloc(16 << 20, 1)); });`,
  );
  const error = await failure(DOMAIN, "domain", { checker: checkerFor(t, { helper, memory: 256 << 20 }) });
  t.is(error.code, "OPERATION_FAILED");
});

validates("many at once are all answered", async (t) => {
  const documents = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? DOMAIN : DOMAIN.replace("static", "statc")));
  const outcomes = await Promise.all(
    documents.map((xml) =>
      parseValidXml(xml, "domain").then(
        () => "valid",
        (error: VirtError) => error.code,
      ),
    ),
  );
  t.deepEqual(
    outcomes,
    documents.map((xml) => (xml === DOMAIN ? "valid" : "XML_INVALID_SCHEMA")),
  );
});
