import { VirtError } from "@polyvisor/core";
import test from "ava";
import {
  alignCheckpointDisks,
  type Checkpoint,
  formatCheckpoint,
  parseCheckpoint,
  parseDomain,
  redefineCheckpoint,
} from "../index.js";

const UUID = "6f0b2d3c-0000-4000-8000-000000000001";
const DISKS = `<disk type='file'><source file='/one'/><target dev='vda' bus='virtio'/></disk>
<disk type='file'><source file='/two'/><target dev='vdb' bus='virtio'/><readonly/></disk>`;

function checkpointOf(disks: string, domainDisks = DISKS): Checkpoint {
  const domain = parseDomain(`<domain type='test'><name>g</name><uuid>${UUID}</uuid><memory>1024</memory>
<os><type arch='x86_64'>hvm</type></os><devices>${domainDisks}</devices></domain>`);
  return {
    ...parseCheckpoint(`<domaincheckpoint>\n<name>c</name>${disks}</domaincheckpoint>`, { now: () => 9 }),
    domain,
  };
}

function refusal(work: () => unknown): VirtError {
  try {
    work();
  } catch (error) {
    if (error instanceof VirtError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

test("a checkpoint without requests marks every disk that can be written to", (t) => {
  const checkpoint = alignCheckpointDisks(checkpointOf(""));
  t.is(
    formatCheckpoint(checkpoint, { noDomain: true }),
    `<domaincheckpoint>
  <name>c</name>
  <creationTime>9</creationTime>
  <disks>
    <disk name='vda' checkpoint='bitmap' bitmap='c'/>
    <disk name='vdb' checkpoint='no'/>
  </disks>
</domaincheckpoint>
`,
  );
  t.regex(formatCheckpoint(checkpoint), /<domain type='test'>/);
});

const MALFORMED: readonly (readonly [what: string, inside: string, words: RegExp, hint: RegExp])[] = [
  ["a name that is a path", "<name>../x</name>", /Invalid name '\.\.\/x' in element domaincheckpoint/, /letters/],
  [
    "a parent's name that is a path",
    "<parent><name>/x</name></parent>",
    /Invalid name '\/x' in element parent/,
    /letters/,
  ],
  ["a disk without a name", "<disks><disk/></disks>", /Element disk failed to validate attributes/, /name=/],
  [
    "a disk of an odd name",
    "<disks><disk name='x'/></disks>",
    /Invalid value 'x' of attribute name for element disk/,
    /vda/,
  ],
  ["an unknown kind", "<disks><disk name='vda' checkpoint='bitmp'/></disks>", /Invalid value 'bitmp'/, /'bitmap'/],
  [
    "a bitmap that is not wanted",
    "<disks><disk name='vda' checkpoint='no' bitmap='b'/></disks>",
    /Invalid attribute/,
    /no such/,
  ],
  [
    "an unknown attribute",
    "<disks><disk name='vda' bitmp='b'/></disks>",
    /Invalid attribute bitmp for element disk/,
    /bitmap/,
  ],
  ["no disk in the list", "<disks/>", /Expecting an element disk, got nothing/, /<disk>/],
  ["two names", "<name>a</name><name>b</name>", /Extra element name in interleave/, /one at most/],
  ["an unknown element", "<dsks/>", /Did not expect element dsks there/, /<disks>/],
];

for (const [what, inside, words, hint] of MALFORMED) {
  test(`a checkpoint with ${what} does not fit the schema`, (t) => {
    const error = refusal(() => parseCheckpoint(`<domaincheckpoint>\n${inside}</domaincheckpoint>`));
    t.is(error.code, "XML_INVALID_SCHEMA");
    t.regex(error.message, words);
    t.is(error.position?.line, 2);
    t.regex(error.hint ?? "", hint);
  });
}

const MISFITS: readonly (readonly [what: string, disks: string, domainDisks: string, words: RegExp])[] = [
  ["an unknown disk", "<disks><disk name='vdz'/></disks>", DISKS, /no disk named 'vdz'/],
  ["a disk twice", "<disks><disk name='vda'/><disk name='/one'/></disks>", DISKS, /disk '\/one' specified twice/],
  ["a disk that is only read", "<disks><disk name='vdb'/></disks>", DISKS, /disk 'vdb' is empty or readonly/],
  ["a domain without disks", "", "", /domain must have at least one disk to perform checkpoints/],
  [
    "more disks than there are",
    "<disks><disk name='vda'/></disks>",
    "",
    /too many disk checkpoint requests for domain/,
  ],
];

for (const [what, disks, domainDisks, words] of MISFITS) {
  test(`a checkpoint of ${what} does not fit its domain`, (t) => {
    const error = refusal(() => alignCheckpointDisks(checkpointOf(disks, domainDisks)));
    t.is(error.code, "CONFIG_UNSUPPORTED");
    t.is(error.domain, "DOMAIN_CHECKPOINT");
    t.regex(error.message, words);
  });
}

test("a checkpoint of another domain cannot be defined, and one without a domain keeps its disks", (t) => {
  const other = UUID.replace(/1$/, "2");
  const error = refusal(() => redefineCheckpoint(checkpointOf(""), other, new Map()));
  t.is(error.code, "INVALID_ARG");
  t.regex(error.message, new RegExp(`definition for checkpoint c must use uuid ${other}`));
  const { domain, ...bare } = checkpointOf("<disks><disk name='vda'/></disks>");
  t.deepEqual(redefineCheckpoint(bare, UUID, new Map()).disks, [{ name: "vda", checkpoint: "bitmap", bitmap: "c" }]);
});
