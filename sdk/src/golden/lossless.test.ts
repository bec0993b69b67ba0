import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { VirtError } from "@polyvisor/core";
import test from "ava";
import {
  type Controller,
  type Domain,
  type DomainHooks,
  type DriverFeature,
  formatDomain,
  type NamespacePrefix,
  type ParseOptions,
  parseDomain,
  passThroughNamespace,
} from "../conf/index.js";
import { domainFromJson, domainToJson } from "../conf/json/index.js";
import { goldenCases, goldenData } from "../testkit/golden.js";
import { parseXml } from "../xml/index.js";
import { isDomainSpelling } from "./domain-spelling.js";
import { findLosses } from "./lossless.js";

test("an element, an attribute and a text that are gone are losses; more of them, and another order, are none", (t) => {
  const before = parseXml("<a x='1'><b/><c y='2'>three</c><b z='4'/></a>");
  const losses = (xml: string): readonly string[] =>
    findLosses(before, parseXml(xml), () => false).map(({ path, lost }) => `${path} ${lost}`);
  t.deepEqual(losses("<a n='0' x='1'><b z='4'/><n/><c y='2'>three</c><b/></a>"), []);
  t.deepEqual(losses("<a><b z='4'/><c y='5'>six</c></a>"), [
    "a@x 1 -> (nothing)",
    "a/c@y 2 -> 5",
    "a/c three -> six",
    "a/b (element)",
  ]);
});

const FEATURES: ReadonlySet<DriverFeature> = new Set([
  "memory-hotplug",
  "offline-vcpupin",
  "name-slash",
  "individual-vcpus",
  "user-alias",
  "net-model-string",
  "disk-fd",
]);

/** What drivers of all hypervisors do alike: a video card and a panic device are of some model. */
const HOOKS: DomainHooks = {
  features: FEATURES,
  devices: {
    video: (video) => ({ ...video, model: { ...video.model, type: video.model.type ?? "vga" } }),
    panic: (panic) => ({ ...panic, model: panic.model ?? "isa" }),
  },
};

const PREFIXES: readonly NamespacePrefix[] = ["qemu", "bhyve", "xen", "vmware", "lxc"];

function hooksFor(xml: string): DomainHooks {
  const prefix = PREFIXES.find((each) => xml.includes(`http://libvirt.org/schemas/domain/${each}/1.0`));
  return prefix === undefined ? HOOKS : { ...HOOKS, namespace: passThroughNamespace(prefix) };
}

function read(xml: string, inactive: boolean): Domain {
  const options: ParseOptions = {
    inactive,
    newUuid: () => "00000000-0000-4000-8000-000000000000",
    newMac: () => "52:54:00:00:00:00",
    hooks: hooksFor(xml),
  };
  const domain = parseDomain(xml, options);
  // what only a running guest has is printed only for one
  return inactive ? domain : { ...domain, id: domain.id ?? 1 };
}

/** As a running guest's, whose document keeps more; where that must have what a configuration has not, as a configuration. */
function readRichest(xml: string): { readonly domain: Domain; readonly inactive: boolean } {
  try {
    return { domain: read(xml, false), inactive: false };
  } catch (error) {
    if (!(error instanceof VirtError) || !error.message.includes("label is missing")) throw error;
    return { domain: read(xml, true), inactive: true };
  }
}

/** Who made a value up is forgotten once it is written down. */
const FORGOTTEN: ReadonlySet<string> = new Set(["generated", "autofill"]);

/** What two models must have in common to be the same guest, where the XML of it has more than one model. */
function comparable(domain: Domain): unknown {
  const { devices, cputune, cpu, ...rest } = domainToJson(domain);
  const place = (each: Controller): string => JSON.stringify([each.type, each.index, "model" in each && each.model]);
  const same = {
    ...rest,
    // without a model there is nothing to fall back from
    cpu: cpu && { ...cpu, fallback: cpu.model === undefined ? undefined : cpu.fallback },
    // a running guest's have names
    cputune: cputune && { ...cputune, cachetune: cputune.cachetune.map((each) => ({ ...each, id: undefined })) },
    devices: {
      ...devices,
      // implied ones come last when they are added, and in the order of their kind when they are read
      controllers: devices.controllers.toSorted((a, b) => (place(a) < place(b) ? -1 : 1)),
      // the first serial port seen again
      consoles: domain.os.type === "hvm" ? devices.consoles.slice(1) : devices.consoles,
      // a socket that is not there yet has no direction
      channels: devices.channels.map((each) =>
        each.source.type === "unix" && each.source.path === undefined ? { ...each, source: "unix" } : each,
      ),
      shmems: devices.shmems.map((each) => ({ ...each, model: each.model ?? "ivshmem" })),
    },
  };
  return JSON.parse(JSON.stringify(same, (key, value) => (FORGOTTEN.has(key) ? undefined : value)));
}

function findFaults(xml: string): readonly string[] {
  const { domain, inactive } = readRichest(xml);
  const printed = formatDomain(domain, { inactive, secure: true });
  const losses = findLosses(parseXml(xml), parseXml(printed), isDomainSpelling);
  const again = read(printed, inactive);
  const drift = isDeepStrictEqual(comparable(again), comparable(domain)) ? [] : ["reads otherwise when printed"];
  const reprinted = formatDomain(again, { inactive, secure: true });
  const json = domainToJson(domain);
  const revived = domainToJson(domainFromJson(JSON.parse(JSON.stringify(json)), { hooks: hooksFor(xml), inactive }));
  const kept = isDeepStrictEqual(revived, json) ? [] : ["does not survive JSON"];
  const settled = formatDomain(read(reprinted, inactive), { inactive, secure: true }) === reprinted;
  return [
    ...losses.map(({ path, lost }) => `${path}: ${lost}`),
    ...drift,
    ...kept,
    ...(settled ? [] : ["never settles"]),
  ];
}

const FOLDERS = [
  "qemuxml2argvdata",
  "qemuxml2xmloutdata",
  "bhyvexml2argvdata",
  "bhyvexml2xmloutdata",
  "bhyveargv2xmldata",
  "xlconfigdata",
  "libxlxml2domconfigdata",
  "xmconfigdata",
  "vmx2xmldata",
  "xml2vmxdata",
  "lxcconf2xmldata",
  "genericxml2xmlindata",
] as const;

/** Documents that do not survive, and why that is right. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "qemuxml2argvdata/hostdev-vfio-zpci-autogenerate-fids.xml": "half a zPCI address is printed as a whole one",
  "qemuxml2argvdata/hostdev-vfio-zpci-autogenerate-uids.xml": "half a zPCI address is printed as a whole one",
  "qemuxml2argvdata/hostdev-vfio-zpci-multidomain-many.xml": "half a zPCI address is printed as a whole one",
  "qemuxml2argvdata/memory-hotplug-virtio-mem.xml": "a running guest's memory device has a current size",
  "qemuxml2xmloutdata/memory-hotplug-virtio-mem.x86_64-latest.xml":
    "a running guest's memory device has a current size",
  "qemuxml2argvdata/console-compat2.xml": "a console that is implied moves the number of the one that is there",
  "bhyveargv2xmldata/bhyveargv2xml-ahci-hd.xml":
    "only printed by libvirt, which refuses its disk's address when it reads",
  "vmx2xmldata/esx-in-the-wild-8.xml": "only printed by libvirt, which refuses two disks of one name when it reads",
};

function documentsOf(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".xml"))
    .filter((name) => /^\s*(?:<!--[\s\S]*?-->\s*)?<domain\s/.test(readFileSync(join(folder, name), "utf8")));
}

test("our own documents are read and printed without loss", (t) => {
  const folder = fileURLToPath(new URL("../../fixtures/golden/domain", import.meta.url));
  for (const name of documentsOf(folder).filter((each) => each !== "same-disk-twice.xml")) {
    t.deepEqual(findFaults(readFileSync(join(folder, name), "utf8")), [], name);
  }
});

const data = goldenData();
// documents that some step must refuse may say what cannot be kept
const cases = data === undefined ? [] : goldenCases(data);
const fine = new Set(cases.filter(({ mode }) => mode === "ok").map(({ input }) => input));
const refused = new Set(cases.filter(({ mode, input }) => mode !== "ok" && !fine.has(input)).map(({ input }) => input));

for (const folder of FOLDERS) {
  if (data === undefined) {
    test.skip(`libvirt's data is not here: ${folder} is read and printed without loss`, (t) => t.pass());
    continue;
  }
  test(`${folder} is read and printed without loss`, (t) => {
    const paths = documentsOf(join(data, folder)).map((name) => `${folder}/${name}`);
    t.true(paths.length > 0);
    const faulty = paths
      .filter((path) => !refused.has(path) && EXCEPTIONS[path] === undefined)
      .flatMap((path) => findFaultsIn(data, path));
    t.deepEqual(faulty, []);
  });
}

function findFaultsIn(root: string, path: string): readonly string[] {
  try {
    return findFaults(readFileSync(join(root, path), "utf8")).map((fault) => `${path}: ${fault}`);
  } catch (error) {
    return [`${path}: ${error instanceof Error ? error.message : error}`];
  }
}
