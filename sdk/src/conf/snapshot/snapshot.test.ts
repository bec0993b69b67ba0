import { VirtError } from "@polyvisor/core";
import test from "ava";
import {
  alignSnapshotDisks,
  type Domain,
  formatSnapshot,
  parseDomain,
  parseSnapshot,
  parseStoredSnapshot,
  pathsToName,
  redefineSnapshot,
  type Snapshot,
  type SnapshotAlignOptions,
  type SnapshotParseOptions,
} from "../index.js";

const UUID = "6f0b2d3c-0000-4000-8000-000000000001";
const DOMAIN_XML = `<domain type='test'><name>g</name><uuid>${UUID}</uuid><memory>1024</memory>
<os><type arch='x86_64'>hvm</type></os><devices>
<disk type='file'><source file='/images/a.b/one.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='block' snapshot='no'><source dev='/dev/two'/><target dev='vdb' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/></disk>
</devices></domain>`;
const EXTERNAL: SnapshotAlignOptions = { location: "external", uniformInternal: false, isRegularFile: () => true };
const INTERNAL: SnapshotAlignOptions = { location: "internal", uniformInternal: true };

function refusal(work: () => unknown): VirtError {
  try {
    work();
  } catch (error) {
    if (error instanceof VirtError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function snapshotOf(inside: string, options: SnapshotParseOptions = {}): Snapshot {
  const domain: Domain = parseDomain(DOMAIN_XML);
  return { ...parseSnapshot(`<domainsnapshot>\n${inside}</domainsnapshot>`, options), domain };
}

test("a new snapshot gets its time as its name, and nothing of what only stored ones have", (t) => {
  const snapshot = parseSnapshot(
    `<domainsnapshot><state>running</state><parent><name>p</name></parent><creationTime>5</creationTime>
<domain type='test'/></domainsnapshot>`,
    { now: () => 1700000000 },
  );
  t.is(
    formatSnapshot(snapshot, { domainUuid: UUID }),
    `<domainsnapshot>
  <name>1700000000</name>
  <creationTime>1700000000</creationTime>
  <domain>
    <uuid>${UUID}</uuid>
  </domain>
</domainsnapshot>
`,
  );
});

const STORED = `<domainsnapshot>
  <name>s &lt;1&gt;</name>
  <state>paused</state>
  <parent>
    <name>p</name>
  </parent>
  <creationTime>7</creationTime>
  <memory snapshot='external' file='/m'/>
  <disks>
    <disk name='vda' snapshot='external' type='network'>
      <snapshotDeleteInProgress/>
      <driver type='qcow2'/>
      <source protocol='nbd' name='x'>
        <host name='h' port='10809'/>
      </source>
    </disk>
    <disk name='vdb' snapshot='manual'/>
  </disks>
  <cookie>
    <cpu mode='host-model'/>
    <slirpHelper/>
  </cookie>
  <active>0</active>
</domainsnapshot>
`;

test("a stored snapshot is read and written without loss", (t) => {
  const { snapshot, current } = parseStoredSnapshot(STORED);
  t.false(current);
  t.is(formatSnapshot(snapshot, { current }), STORED);
  t.deepEqual(JSON.parse(JSON.stringify(snapshot)).disks[1], {
    name: "vdb",
    location: "manual",
    source: { type: "file" },
  });
});

const REDEFINE: SnapshotParseOptions = { redefine: true };
const HEAD = "<name>s</name><creationTime>1</creationTime>";

type Refused = readonly [
  what: string,
  inside: string,
  options: SnapshotParseOptions,
  code: string,
  words: RegExp,
  hint: RegExp,
];

const REFUSED: readonly Refused[] = [
  [
    "no name",
    "<creationTime>1</creationTime>",
    REDEFINE,
    "XML_ERROR",
    /a redefined snapshot must have a name/,
    /<name>/,
  ],
  ["no time", "<name>s</name>", REDEFINE, "INTERNAL_ERROR", /missing creationTime from existing snapshot/, /1970/],
  ["no state", HEAD, REDEFINE, "XML_ERROR", /missing state from existing snapshot/, /running/],
  [
    "an unknown state",
    `${HEAD}<state>runing</state>`,
    REDEFINE,
    "CONFIG_UNSUPPORTED",
    /Invalid state 'runing' in domain snapshot XML/,
    /'running'/,
  ],
  [
    "manual memory",
    "<memory snapshot='manual'/>",
    {},
    "XML_ERROR",
    /'manual' memory snapshot mode not supported/,
    /external/,
  ],
  [
    "an unknown place",
    "<memory snapshot='extern'/>",
    {},
    "XML_ERROR",
    /Invalid value for attribute 'snapshot' in element 'memory': 'extern'/,
    /'external'/,
  ],
  [
    "a file for internal memory",
    "<memory snapshot='internal' file='/f'/>",
    {},
    "XML_ERROR",
    /memory filename '\/f' requires external snapshot/,
    /external/,
  ],
  ["external memory without a file", "<memory snapshot='external'/>", {}, "XML_ERROR", /require a filename/, /file=/],
  [
    "memory of a domain that is off",
    "<memory snapshot='internal'/>",
    { offline: true },
    "XML_ERROR",
    /memory state cannot be saved with offline or disk-only snapshot/,
    /no/,
  ],
  [
    "a relative file for memory",
    "<memory file='f'/>",
    {},
    "XML_ERROR",
    /memory snapshot file path \(f\) must be abs/,
    /\//,
  ],
  ["a disk without a name", "<disks><disk/></disks>", {}, "INTERNAL_ERROR", /missing name from disk snapshot/, /vda/],
  [
    "a disk on a volume",
    "<disks><disk name='vda' type='volume'/></disks>",
    {},
    "XML_ERROR",
    /unsupported disk snapshot type 'volume'/,
    /file/,
  ],
  [
    "an unknown format",
    "<disks><disk name='vda'><driver type='qcov2'/></disk></disks>",
    {},
    "CONFIG_UNSUPPORTED",
    /unknown disk snapshot driver 'qcov2'/,
    /'qcow2'/,
  ],
  [
    "a relative image",
    "<disks><disk name='vda'><source file='x'/></disk></disks>",
    {},
    "XML_ERROR",
    /disk snapshot image path 'x' must be absolute/,
    /\//,
  ],
  ["an unknown element", "<discs/>", {}, "XML_INVALID_SCHEMA", /Did not expect element discs there/, /<disks>/],
];

for (const [what, inside, options, code, words, hint] of REFUSED) {
  test(`a snapshot with ${what} is refused in libvirt's words, with its place`, (t) => {
    const error = refusal(() => parseSnapshot(`<domainsnapshot>\n${inside}</domainsnapshot>`, options));
    t.is(error.code, code as VirtError["code"]);
    t.regex(error.message, words);
    t.true(error.position !== undefined && error.position.line <= 2 && error.position.column >= 1);
    t.regex(error.hint ?? "", hint);
  });
}

test("an error inside a kept configuration has its place in the whole document", (t) => {
  const xml = `<domainsnapshot>${HEAD}<state>shutoff</state>\n  <domain type='nobody'/></domainsnapshot>`;
  const error = refusal(() => parseSnapshot(xml, REDEFINE));
  t.regex(error.message, /missing name|invalid domain type nobody/);
  t.deepEqual(error.position, { line: 2, column: 3 });
});

test("an internal document must say whether it is the current one", (t) => {
  const error = refusal(() => parseStoredSnapshot(`<domainsnapshot>${HEAD}<state>shutoff</state></domainsnapshot>`));
  t.is(error.code, "INTERNAL_ERROR");
  t.regex(error.message, /Could not find 'active' element/);
});

test("every disk of the domain gets an answer, and new images names of their own", (t) => {
  const snapshot = snapshotOf("<name>s1</name><disks><disk name='/images/a.b/one.qcow2'/></disks>");
  t.deepEqual(pathsToName(snapshot, EXTERNAL), ["/images/a.b/one.qcow2"]);
  t.true(
    formatSnapshot(alignSnapshotDisks(snapshot, EXTERNAL)).includes(`  <disks>
    <disk name='vda' snapshot='external' type='file'>
      <source file='/images/a.b/one.s1'/>
    </disk>
    <disk name='vdb' snapshot='no'/>
    <disk name='hdc' snapshot='no'/>
  </disks>
`),
  );
});

const MISFITS: readonly (readonly [what: string, disks: string, options: SnapshotAlignOptions, words: RegExp])[] = [
  ["an unknown disk", "<disk name='vdz'/>", EXTERNAL, /no disk named 'vdz'/],
  ["a disk twice", "<disk name='vda'/><disk name='/images/a.b/one.qcow2'/>", EXTERNAL, /specified twice/],
  [
    "too many disks",
    "<disk name='a'/><disk name='b'/><disk name='c'/><disk name='d'/>",
    EXTERNAL,
    /too many disk snapshot/,
  ],
  ["one disk apart", "<disk name='vda' snapshot='no'/>", INTERNAL, /disk 'vda' must use snapshot mode 'internal'/],
  [
    "a file for an internal snapshot",
    "<disk name='vda' snapshot='internal'><source file='/f'/></disk>",
    INTERNAL,
    /file '\/f' for disk 'vda' requires use of external snapshot mode/,
  ],
  [
    "a name to make up for a block device",
    "<disk name='vdb' snapshot='external' type='block'/>",
    EXTERNAL,
    /cannot generate external snapshot name for disk 'vdb' on a 'block' device/,
  ],
  [
    "a name to make up for an empty drive",
    "<disk name='hdc' snapshot='external'/>",
    EXTERNAL,
    /cannot generate external snapshot name for disk 'hdc' without source/,
  ],
  [
    "a name to make up beside a device",
    "<disk name='vdb' snapshot='external'/>",
    { ...EXTERNAL, isRegularFile: (path) => path !== "/dev/two" },
    /source for disk 'vdb' is not a regular file; refusing to generate external snapshot name/,
  ],
];

for (const [what, disks, options, words] of MISFITS) {
  test(`a snapshot that asks for ${what} does not fit its domain`, (t) => {
    const error = refusal(() => alignSnapshotDisks(snapshotOf(`<disks>${disks}</disks>`), options));
    t.is(error.code, "CONFIG_UNSUPPORTED");
    t.is(error.domain, "DOMAIN_SNAPSHOT");
    t.regex(error.message, words);
    t.truthy(error.hint);
  });
}

function stored(name: string, more = "<state>shutoff</state>", parent?: string): Snapshot {
  const place = parent === undefined ? "" : `<parent><name>${parent}</name></parent>`;
  return { ...snapshotOf(`<name>${name}</name><creationTime>1</creationTime>${more}${place}`, REDEFINE) };
}

const CHANGES: readonly (readonly [what: string, snapshot: () => Snapshot, words: RegExp])[] = [
  ["its own parent", () => stored("a", undefined, "a"), /cannot set moment a as its own parent/],
  ["a parent that is not there", () => stored("a", undefined, "z"), /parent z for moment a not found/],
  ["a child as its parent", () => stored("a", undefined, "c"), /parent b would create cycle to a/],
  ["another state", () => stored("b", "<state>running</state>", "a"), /cannot change between online and offline/],
  ["disks alone", () => stored("b", "<state>disk-snapshot</state>", "a"), /cannot change between disk only and full/],
  [
    "another domain",
    () => ({ ...stored("n"), domain: { ...parseDomain(DOMAIN_XML), uuid: UUID.replace(/1$/, "2") } }),
    /definition for snapshot n must use uuid 6f0b2d3c-0000-4000-8000-000000000001/,
  ],
];

for (const [what, snapshot, words] of CHANGES) {
  test(`a snapshot cannot be defined again with ${what}`, (t) => {
    const chain = [stored("a"), stored("b", undefined, "a"), stored("c", undefined, "b")];
    const others = new Map(chain.map((each) => [each.name, each]));
    const error = refusal(() => redefineSnapshot(snapshot(), { domainUuid: UUID, others }));
    t.is(error.code, "INVALID_ARG");
    t.regex(error.message, words);
    t.truthy(error.hint);
  });
}

test("a snapshot that is defined again has an entry for each disk", (t) => {
  const snapshot = redefineSnapshot(stored("n"), { domainUuid: UUID, others: new Map() });
  t.deepEqual(
    snapshot.disks.map((disk) => `${disk.name} ${disk.location}`),
    ["vda internal", "vdb no", "hdc no"],
  );
});
