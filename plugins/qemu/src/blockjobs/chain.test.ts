import { parseDomain } from "@polyvisor/sdk/conf";
import type { Disk, Domain } from "@polyvisor/sdk/conf/domain";
import test from "ava";
import { chainOf, findLayer, type Layer, nameOf, withChain } from "./chain.js";
import { definitionAfter, definitionWithOverlay } from "./definition.js";

/** A domain with a disk of these images, from the top; `$` for a chain of which the end is known. */
function domainWith(images: string): Domain {
  const ends = images.endsWith("$");
  const [top = "", ...below] = images.replace("$", "").split(" ");
  const store = below.reduceRight(
    (inner, name) =>
      `<backingStore type='file'><format type='qcow2'/><source file='/i/${name}'/>${inner}</backingStore>`,
    ends ? "<backingStore/>" : "",
  );
  return parseDomain(`<domain type='qemu'><name>g</name><memory>1024</memory><os><type>hvm</type></os><devices>
    <disk type='file'><driver name='qemu' type='qcow2'/><source file='/i/${top}' startupPolicy='optional'/>${store}<target dev='vda' bus='virtio'/></disk>
  </devices></domain>`);
}

function diskOf({ devices: { disks } }: Domain): Disk {
  const [disk] = disks;
  if (disk === undefined) throw new Error("there is no disk");
  return disk;
}

/** A running disk: its images have numbers, and its end is known. */
function running(images: string): Disk {
  const { layers } = chainOf(diskOf(domainWith(images)));
  const numbered = layers.map(({ source, format }, at): Layer => ({ format, source: { ...source, index: at + 1 } }));
  return withChain(diskOf(domainWith(images)), { layers: numbered, ends: true });
}

function imagesOf(domain: Domain): string {
  const { layers, ends } = chainOf(diskOf(domain));
  return layers.map((layer) => nameOf(layer).slice(3)).join(" ") + (ends ? "$" : "");
}

interface Row {
  readonly before: string;
  readonly after: string;
  readonly bottom?: number;
  /** What definitions say before, and then. */
  readonly definitions: Readonly<Record<string, string>>;
}

const ROWS: Readonly<Record<string, Row>> = {
  "the top is merged into the base": {
    before: "c b a",
    after: "a",
    bottom: 2,
    definitions: { "c b a": "a", "c b a$": "a$", c: "a$", "c x a": "a$", d: "d" },
  },
  "the middle is merged into the base": {
    before: "c b a",
    after: "c a",
    bottom: 2,
    definitions: { "c b a": "c a", c: "c", "c b": "c" },
  },
  "all is pulled into the top": {
    before: "c b a",
    after: "c",
    definitions: { "c b a$": "c$", "c b a": "c", c: "c" },
  },
};

for (const [what, { before, after, bottom, definitions }] of Object.entries(ROWS)) {
  test(`where ${what}, a definition follows that has the same images`, (t) => {
    const change = { before: running(before), after: running(after), bottom };
    for (const [had, has] of Object.entries(definitions)) {
      const changed = definitionAfter(domainWith(had), change);
      t.is(imagesOf(changed), has, had);
      t.true(chainOf(diskOf(changed)).layers.every(({ source }) => source.index === undefined));
      t.is(diskOf(changed).source.startupPolicy, "optional");
    }
  });
}

test("an image that comes upon a disk comes upon that of the definition", (t) => {
  const overlay: Layer = { format: "qcow2", source: { type: "file", path: "/i/d", index: 9 } };
  t.is(imagesOf(definitionWithOverlay(domainWith("c b"), running("c b"), overlay)), "d c b");
  t.is(imagesOf(definitionWithOverlay(domainWith("x"), running("c b"), overlay)), "x");
});

test("images are found by path and number, and a name that is none is named in the complaint", (t) => {
  const disk = running("c b a");
  t.is(findLayer(disk, "/i/b"), 1);
  t.is(findLayer(disk, "vda[3]"), 2);
  t.is(findLayer(disk, null, 0), 2);
  const complaints: readonly [string | null, number | undefined, string][] = [
    ["/i/c", 0, "could not find image '/i/c' beneath '/i/c' in chain for 'vda'"],
    ["/i/x", undefined, "could not find image '/i/x' in chain for 'vda'"],
    ["vda[7]", undefined, "could not find backing store index '7' in chain for 'vda'"],
    ["vdb[1]", undefined, "requested target 'vdb' does not match target 'vda'"],
    [null, 2, "could not find base image in chain for 'vda'"],
  ];
  for (const [name, beneath, words] of complaints) {
    const error = t.throws(() => findLayer(disk, name, beneath));
    t.is(error?.message, `invalid argument: ${words}`);
  }
});
