import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOMAIN_STATE, rootPaths, silentLog } from "@polyvisor/core";
import { parseDomain } from "@polyvisor/sdk/conf/domain";
import { running, shutoff, statusOfWords, statusWords } from "@polyvisor/sdk/lifecycle";
import { childElements, parseXml, serializeXml } from "@polyvisor/sdk/xml";
import test from "ava";
import { DefinitionStore } from "./definitions.js";
import { Layout, shortName } from "./layout.js";
import { measuredPart } from "./measured.js";
import { quickLook } from "./quick-look.js";
import { formatStatus, type GuestRecord, parseStatus } from "./status-file.js";
import { StatusWriter } from "./status-writer.js";

const folders: string[] = [];

async function makeFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "polyvisor-state-"));
  folders.push(path);
  return path;
}

test.after.always(() => Promise.all(folders.map((path) => rm(path, { recursive: true }))));

const record: GuestRecord = {
  status: running("BOOTED"),
  process: { pid: 4711, startTime: 123456789012n, bootId: "5adf5085-3b1f-42e7-8462-cb4af457bda7" },
  folder: "/lib/domain-1-a 'quoted' & <name>",
  channelFolder: "/lib/channel/target/domain-1-a",
  vcpuThreads: new Map([
    [0, 4712],
    [1, 4713],
  ]),
  askedCpu: {
    mode: "custom",
    match: "exact",
    check: "partial",
    model: "qemu64",
    fallback: "forbid",
    features: [{ name: "vmx", policy: "disable" }],
  },
  fakeReboot: true,
  overlays: [{ disk: "vdc", type: "file", path: "/images/c.'new' & <best>", format: "qcow2" }],
  blockJobs: [
    {
      name: "commit-vda-libvirt-2-format",
      kind: "active-commit",
      disk: "vda",
      state: "pivoting",
      base: 1,
      top: 2,
      removeImages: true,
      shallow: undefined,
    },
    {
      name: "pull-vdb-libvirt-3-format",
      kind: "pull",
      disk: "vdb",
      state: "running",
      base: undefined,
      top: undefined,
      removeImages: undefined,
      shallow: undefined,
    },
  ],
  ports: [5900, 5700],
  labels: [{ plugin: "security-owner", model: "owner", label: "+107:+107", imageLabel: "+107:+108", relabel: true }],
  images: 3,
  lockState: "LS:R1:7 & more",
  taints: new Set(["custom-monitor"] as const),
  foreign: {
    attributes: [{ name: "zone", value: "a'b" }],
    elements: childElements(parseXml("<x><later version='7'><thing/></later></x>")),
  },
};
const document = "  <domain type='qemu' id='1'>\n    <name>a</name>\n  </domain>\n";

test("a status file gives back what was written, with elements that we do not know", (t) => {
  const text = formatStatus(record, document);
  const { record: read, domain } = parseStatus(text);
  const { askedCpu, ...others } = record;
  t.like(read.askedCpu ?? {}, askedCpu ?? {});
  t.deepEqual({ ...read, askedCpu: undefined, foreign: undefined }, {
    ...others,
    askedCpu: undefined,
    foreign: undefined,
  } as never);
  t.deepEqual(
    [read.foreign.attributes, read.foreign.elements.map((each) => serializeXml(each))],
    [record.foreign.attributes, ['<later version="7">\n  <thing/>\n</later>']],
  );
  t.is(domain.name, "domain");
  t.is(formatStatus(read, document), text);
});

test("a status file that is torn, newer or incomplete is refused with the reason", (t) => {
  const whole = formatStatus(record, document);
  const cases: [string, RegExp][] = [
    [whole.slice(0, 200), /./],
    [whole.replace("version='1' since='1'", "version='2' since='2'"), /version 2 of the file is not known here/],
    [whole.replace("version='1' since='1'", ""), /version 0 of the file is not known here/],
    [whole.replace("state='running'", "state='dancing'"), /its state is not known/],
    [whole.replace("pid='4711'", "pid='-1'"), /has no number 'pid'/],
    [whole.replace("boot='5adf", "bat='5adf"), /there is no boot/],
    [whole.replaceAll("domain type", "guest type").replaceAll("</domain>", "</guest>"), /there is no <domain>/],
    ["<domain/>", /unexpected root element <domain>/],
  ];
  for (const [text, message] of cases) t.throws(() => parseStatus(text), { message });
});

test("every status has words, and the words lead back to it", (t) => {
  t.deepEqual(statusWords(running("FROM_SNAPSHOT")), { state: "running", reason: "from snapshot" });
  t.deepEqual(statusWords(shutoff("CRASHED")), { state: "shutoff", reason: "crashed" });
  for (const state of Object.values(DOMAIN_STATE).filter((each) => each !== 0 && each !== 2)) {
    const words = statusWords({ state, reason: 0 });
    t.deepEqual(statusOfWords(words.state, words.reason), { state, reason: 0 });
  }
  t.is(statusOfWords("running", "nonsense"), undefined);
});

test("name and UUID are seen without parsing, or not at all", (t) => {
  const uuid = "6b9cbbd3-8f1e-4a0e-8f21-2b1c9d0a7a11";
  const rows: [string, boolean][] = [
    [`<domain type='qemu'>\n  <name>a</name>\n  <uuid>${uuid}</uuid>`, true],
    [
      `<!-- by us, not <domain><name>x</name> -->\n\n<domain type='qemu'>\n  <name>a</name>\n  <uuid>${uuid}</uuid>`,
      true,
    ],
    [`<domain type='qemu'><uuid>${uuid}</uuid><name>a</name>`, false],
    [`<domain type='qemu'><name>a &amp; b</name><uuid>${uuid}</uuid>`, false],
    [`<domain type='qemu'><name>a</name><uuid>${uuid.toUpperCase()}</uuid>`, false],
    [`<domain type='qemu'><metadata/><name>a</name><uuid>${uuid}</uuid>`, false],
    ["", false],
  ];
  for (const [text, seen] of rows) t.deepEqual(quickLook(text), seen ? { name: "a", uuid } : undefined, text);
});

test("definitions are indexed without being parsed, and each is parsed once when it is used", async (t) => {
  const layout = new Layout(rootPaths(await makeFolder()));
  await mkdir(layout.autostart, { recursive: true });
  const uuidOf = (number: number) => `00000000-0000-0000-0000-${String(number).padStart(12, "0")}`;
  const count = 500;
  for (let number = 0; number < count; number++) {
    await writeFile(
      layout.configFile(`d${number}`),
      `<domain type='qemu'>\n  <name>d${number}</name>\n  <uuid>${uuidOf(number)}</uuid>\n  <memory>1024</memory>\n  <os><type>hvm</type></os>\n</domain>`,
    );
  }
  await writeFile(
    layout.configFile("wrong-name"),
    `<domain type='qemu'><name>other</name><uuid>${uuidOf(1)}</uuid></domain>`,
  );
  await writeFile(layout.configFile("torn"), "<domain");
  let parses = 0;
  const reader = {
    async readStored(xml: string) {
      parses++;
      return parseDomain(xml);
    },
    readMeasured: async (xml: string) => measuredPart(await reader.readStored(xml)),
  };
  const store = new DefinitionStore(layout, reader, silentLog);
  const entries = await store.index();
  t.is(entries.length, count);
  t.is(parses, 1);
  t.deepEqual(
    entries.find((entry) => entry.name === "d7"),
    { name: "d7", uuid: uuidOf(7), autostart: false },
  );
  const loaded = await store.load("d7");
  t.is(await store.load("d7"), loaded);
  t.is(parses, 2);

  await store.save({ ...loaded, memory: 2048 });
  t.is((await store.load("d7")).memory, 2048);
  t.is((await store.measured("d7")).memory, 2048);
  t.is(parses, 2);
  const measured = await store.measured("d8");
  t.is(await store.measured("d8"), measured);
  t.is(parses, 3);

  await store.measureAhead(entries.map(({ name }) => name));
  t.is(parses, 1 + count);
  t.is((await store.measured("d9")).memory, 1024);
  t.is((await store.measured("d7")).memory, 2048);
  t.is(parses, 1 + count);

  await store.setAutostart("d7", true);
  await store.setAutostart("d7", true);
  const again = new DefinitionStore(layout, reader, silentLog);
  t.like(
    (await again.index()).find((entry) => entry.name === "d7"),
    { autostart: true },
  );
  t.is((await again.load("d7")).memory, 2048);
  await again.setAutostart("d7", false);
  await again.setAutostart("d7", false);
  await again.remove("d7", false);
  t.is((await store.index()).length, count - 1);
  await t.throwsAsync(again.load("d7"), { message: /cannot read definition .*d7.xml: No such file or directory/ });
});

test("the latest state reaches the status file, and none after its removal", async (t) => {
  const path = join(await makeFolder(), "g.xml");
  let state = 0;
  const writer = new StatusWriter(path, async () => String(state), silentLog);
  const writes: Promise<void>[] = [];
  for (state = 1; state <= 20; state++) writes.push(writer.save());
  await Promise.all(writes);
  t.is(await readFile(path, "utf8"), "21");
  writer.saveSoon();
  await writer.remove();
  await writer.save();
  await t.throwsAsync(readFile(path));
});

test("folders of guests have short names that stay apart", (t) => {
  t.is(shortName(3, "a"), "3-a");
  t.is(shortName(12, "x".repeat(300)), `12-${"x".repeat(20)}`);
  t.is(shortName(1, "ü".repeat(30)), `1-${"ü".repeat(20)}`);
});
