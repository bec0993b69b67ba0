import { VirtError } from "@polyvisor/core";
import test from "ava";
import { alignBackupDisks, type Domain, formatBackup, parseBackup, parseDomain } from "../index.js";

function domainWith(disks: string): Domain {
  return parseDomain(`<domain type='test'><name>g</name><memory>1024</memory><os><type arch='x86_64'>hvm</type></os>
<devices>${disks}</devices></domain>`);
}

const TWO = `<disk type='file'><source file='/one'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/></disk>`;

function refusal(work: () => unknown): VirtError {
  try {
    work();
  } catch (error) {
    if (error instanceof VirtError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

test("a pull over a unix socket is completed and printed", (t) => {
  const backup = parseBackup(`<domainbackup mode='pull'><server transport='unix' socket='/s'/></domainbackup>`);
  t.is(
    formatBackup(alignBackupDisks(backup, domainWith(TWO), "1")),
    `<domainbackup mode='pull'>
  <server transport='unix' socket='/s'/>
  <disks>
    <disk name='vda' backup='yes' type='file' backupmode='full'>
      <scratch file='/one.1'/>
    </disk>
    <disk name='hdc' backup='no'/>
  </disks>
</domainbackup>
`,
  );
});

const DISK = "<disk name='vda' type='file'/>";
const IMAGE = (inside: string): string =>
  `<domainbackup><disks><disk name='vda' type='file'><target file='/f'>${inside}</target></disk></disks></domainbackup>`;
const MALFORMED: readonly (readonly [what: string, xml: string, words: RegExp, hint: RegExp])[] = [
  [
    "text between its elements",
    "<domainbackup>x</domainbackup>",
    /Did not expect text in element domainbackup/,
    /Remove/,
  ],
  ["a label that says nothing", IMAGE("<seclabel model='dac'/>"), /Expecting an element label, got nothing/, /<label>/],
  ["a key that nobody holds", IMAGE("<encryption format='luks'/>"), /Expecting an element secret/, /<secret>/],
  [
    "a key without a type",
    IMAGE("<encryption format='luks'><secret usage='u'/></encryption>"),
    /Element secret/,
    /type=/,
  ],
  ["an unknown mode", "<domainbackup mode='pul'/>", /Invalid value 'pul' of attribute mode/, /'pull'/],
  ["no server to pull from", "<domainbackup mode='pull'/>", /Expecting an element server, got nothing/, /<server/],
  [
    "a server to push to",
    "<domainbackup><server name='h'/></domainbackup>",
    /Did not expect element server/,
    /no such/,
  ],
  [
    "a server without a name",
    "<domainbackup mode='pull'><server/></domainbackup>",
    /Element server failed to validate attributes/,
    /name=/,
  ],
  ["no disk in the list", "<domainbackup><disks/></domainbackup>", /Expecting an element disk/, /<disk>/],
  [
    "a disk without a type",
    "<domainbackup><disks><disk name='vda'/></disks></domainbackup>",
    /Element disk failed to validate attributes/,
    /type=/,
  ],
  [
    "an image of the other mode",
    "<domainbackup><disks><disk name='vda' type='file'><scratch file='/f'/></disk></disks></domainbackup>",
    /Did not expect element scratch there/,
    /no such/,
  ],
  [
    "a relative path",
    "<domainbackup><disks><disk name='vda' type='file'><target file='f'/></disk></disks></domainbackup>",
    /Invalid value 'f' of attribute file for element target/,
    /Begin the path/,
  ],
  [
    "a full copy since a checkpoint",
    "<domainbackup><disks><disk name='vda' type='file' backupmode='full' incremental='c'/></disks></domainbackup>",
    /Invalid attribute incremental/,
    /full copy/,
  ],
  [
    "a format that a pull cannot have",
    `<domainbackup mode='pull'><server name='h'/><disks><disk name='vda' type='file'><driver type='raw'/>
<scratch file='/f'/></disk></disks></domainbackup>`,
    /Invalid value 'raw' of attribute type for element driver/,
    /qcow2/,
  ],
];

for (const [what, xml, words, hint] of MALFORMED) {
  test(`a backup with ${what} does not fit the schema`, (t) => {
    const error = refusal(() => parseBackup(xml));
    t.is(error.code, "XML_INVALID_SCHEMA");
    t.regex(error.message, words);
    t.truthy(error.position);
    t.regex(error.hint ?? "", hint);
  });
}

type Internal = readonly [what: string, xml: string, code: string, words: RegExp];

const INTERNAL: readonly Internal[] = [
  ["an unknown mode", "<domainbackup mode='x'/>", "CONFIG_UNSUPPORTED", /unknown backup mode 'x'/],
  ["a server", "<domainbackup><server name='h'/></domainbackup>", "CONFIG_UNSUPPORTED", /<server> requires pull mode/],
  [
    "a nameless disk",
    "<domainbackup><disks><disk/></disks></domainbackup>",
    "XML_ERROR",
    /missing name from disk backup/,
  ],
  [
    "rdma",
    "<domainbackup mode='pull'><server transport='rdma' name='h'/></domainbackup>",
    "CONFIG_UNSUPPORTED",
    /transport rdma is not supported for <server>/,
  ],
  [
    "a relative socket",
    "<domainbackup mode='pull'><server transport='unix' socket='s'/></domainbackup>",
    "XML_ERROR",
    /backup socket path 's' must be absolute/,
  ],
  [
    "a disk on the network",
    "<domainbackup><disks><disk name='vda' state='running' type='network'/></disks></domainbackup>",
    "XML_ERROR",
    /unsupported disk backup type 'network'/,
  ],
  [
    "a copy without a state",
    `<domainbackup><disks>${DISK}</disks></domainbackup>`,
    "XML_ERROR",
    /Missing required attribute 'state' in element 'disk'/,
  ],
];

for (const [what, xml, code, words] of INTERNAL) {
  test(`a driver's own backup with ${what} is refused in libvirt's words`, (t) => {
    const error = refusal(() => parseBackup(xml, { internal: true }));
    t.is(error.code, code as VirtError["code"]);
    t.regex(error.message, words);
    t.truthy(error.position);
  });
}

const MISFITS: readonly (readonly [what: string, disks: string, domainDisks: string, words: RegExp])[] = [
  ["an unknown disk", "<disk name='vdz' type='file'/>", TWO, /no disk named 'vdz'/],
  ["a disk twice", `${DISK}${DISK}`, TWO, /disk 'vda' specified twice/],
  ["an empty drive", "<disk name='hdc' type='file'/>", TWO, /disk 'hdc' has no media/],
  ["a domain without disks", DISK, "", /domain must have at least one disk to perform backup/],
  [
    "blocks since nothing",
    "<disk name='vda' type='file' backupmode='incremental'/>",
    TWO,
    /'incremental' backup mode of disk 'vda' requires setting 'incremental' field for disk or backup/,
  ],
  [
    "a block device without a file to go to",
    "",
    "<disk type='block'><source dev='/dev/x'/><target dev='vda' bus='virtio'/></disk>",
    /refusing to generate file name for disk 'vda'/,
  ],
];

for (const [what, disks, domainDisks, words] of MISFITS) {
  test(`a backup of ${what} does not fit its domain`, (t) => {
    const xml = disks === "" ? "<domainbackup/>" : `<domainbackup><disks>${disks}</disks></domainbackup>`;
    const error = refusal(() => alignBackupDisks(parseBackup(xml), domainWith(domainDisks), "1"));
    t.is(error.code, "CONFIG_UNSUPPORTED");
    t.regex(error.message, words);
  });
}
