import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { formatDomain, type ParseOptions, parseDomain } from "./index.js";

// libvirt's own round-trip data, where somebody has put it beside the repository

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
const shared = process.env.POLYVISOR_SHARED ?? join(root, "../shared");
const golden = join(shared, "golden");

interface Row {
  readonly suite: string;
  readonly case: string;
  readonly input: string;
  readonly expected: string | null;
  readonly mode: string;
  readonly live?: boolean;
}

const OPTIONS: ParseOptions = {
  newUuid: () => "00000000-0000-4000-8000-000000000000",
  newMac: () => "52:54:00:00:00:00",
  hooks: {
    features: new Set([
      "memory-hotplug",
      "offline-vcpupin",
      "individual-vcpus",
      "user-alias",
      "net-model-string",
      "disk-fd",
    ]),
    defaultSecurityModel: "none",
    namespace: { prefix: "qemu", uri: "http://libvirt.org/schemas/domain/qemu/1.0", parse: (elements) => elements },
  },
};

if (!existsSync(join(golden, "manifest.json"))) {
  test.skip("needs libvirt's golden data: round trips of the generic suite", (t) => t.pass());
  test.skip("needs libvirt's golden data: QEMU domains read and print again", (t) => t.pass());
} else {
  const rows = (JSON.parse(readFileSync(join(golden, "manifest.json"), "utf8")) as readonly Row[]).filter(
    (row) => row.suite === "genericxml2xml",
  );
  for (const row of rows) {
    test(`golden round trip: ${row.case}`, (t) => {
      const inactive = row.live !== true;
      const xml = readFileSync(join(golden, row.input), "utf8");
      const run = (): string => formatDomain(parseDomain(xml, { ...OPTIONS, inactive }), { inactive, secure: true });
      if (row.mode !== "ok") {
        t.throws(run);
        return;
      }
      t.is(run(), readFileSync(join(golden, row.expected ?? row.input), "utf8"));
    });
  }

  test("documents of QEMU domains print as they were read, but for the order of controllers", (t) => {
    const folder = join(golden, "qemuxml2xmloutdata");
    const lines = (xml: string): readonly string[] => xml.split("\n").sort();
    const different: string[] = [];
    for (const name of readdirSync(folder).filter((each) => each.endsWith(".xml"))) {
      const xml = readFileSync(join(folder, name), "utf8");
      if (!xml.startsWith("<domain") || name === "console-compat2.xml") continue;
      const live = /^<domain[^>]* id=/.test(xml) || /<(source|backingStore)[^>]* index='/.test(xml);
      const printed = formatDomain(parseDomain(xml, { ...OPTIONS, inactive: !live }), { secure: true });
      if (lines(printed).join("\n") !== lines(xml).join("\n")) different.push(name);
    }
    t.deepEqual(different, []);
  });
}
