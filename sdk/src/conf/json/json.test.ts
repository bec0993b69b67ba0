import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { VirtError } from "@polyvisor/core";
import test from "ava";
import { formatDomain, type ParseOptions, parseDomain, passThroughNamespace } from "../index.js";
import { domainFromJson, domainSchema, domainToJson } from "./index.js";

const XML = `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>guest</name>
  <uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>
  <metadata>
    <one:a xmlns:one="urn:one" two:b="&quot;&amp;" xmlns:two="urn:two">text <one:c/><!-- kept --></one:a>
    <x xmlns="urn:three"> <y/> </x>
  </metadata>
  <memory unit='MiB'>512</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <disk type='file'><source file='/a'/><target dev='vda' bus='virtio'/></disk>
    <interface type='user'><mac address='52:54:00:00:00:01'/></interface>
  </devices>
  <qemu:commandline><qemu:arg value='-foo'/></qemu:commandline>
</domain>`;

const OPTIONS: ParseOptions = { hooks: { namespace: passThroughNamespace("qemu") } };

/** As it would come back from a file. */
function throughText(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test("a domain survives JSON, its metadata and a hypervisor's own elements with it", (t) => {
  const domain = parseDomain(XML, OPTIONS);
  const json = domainToJson(domain);
  const again = domainFromJson(throughText(json), OPTIONS);
  t.deepEqual(domainToJson(again), json);
  t.is(formatDomain(again), formatDomain(domain));
  t.regex(formatDomain(again), /two:b="&quot;&amp;">text <one:c\/><!-- kept --><\/one:a>/);
  t.is(json.memory, 524288);
  t.deepEqual(json.namespace?.elements, ['<qemu:commandline><qemu:arg value="-foo"/></qemu:commandline>']);
});

test("what JSON leaves open is filled in as for XML", (t) => {
  const { os, ...json } = domainToJson(parseDomain(XML, OPTIONS));
  const { machine, type } = os;
  const domain = domainFromJson(
    { ...json, os: { type, machine, boot: [] } },
    { hooks: { ...OPTIONS.hooks, defaultArch: "i686" } },
  );
  t.is(domain.os.arch, "i686");
  t.deepEqual(domain.os.boot, ["hd"]);
});

type Json = Record<string, unknown>;

/** What is wrong, the message, and what the hint begins with. */
const WRONG: readonly (readonly [change: (json: Json) => unknown, message: string, hint: string])[] = [
  [() => [], "invalid argument: /: must be object", "See the schema"],
  [({ name, ...rest }) => rest, "invalid argument: /: member 'name' is missing", "Add 'name'."],
  [(json) => ({ ...json, memroy: 1 }), "invalid argument: /: unknown member 'memroy'", "Did you mean 'memory'?"],
  [(json) => ({ ...json, memory: "512" }), "invalid argument: /memory: must be integer", "See the schema"],
  [(json) => ({ ...json, memory: 0.5 }), "invalid argument: /memory: must be integer", "See the schema"],
  [(json) => ({ ...json, type: "kwm" }), "invalid argument: /type: unknown value 'kwm'", "Did you mean 'kvm'?"],
  [
    (json) => ({ ...json, devices: withDisk({ type: "fiel", path: "/a" }) }),
    "invalid argument: /devices/disks/0/source/type: unknown value 'fiel'",
    "Did you mean 'file'?",
  ],
  [
    (json) => ({ ...json, devices: withDisk({ type: "file", pth: "/a" }) }),
    "invalid argument: /devices/disks/0/source: unknown member 'pth'",
    "Did you mean 'path'?",
  ],
  [
    (json) => ({ ...json, namespace: { prefix: "a b", uri: "urn:a", elements: [] } }),
    "invalid argument: /namespace/prefix: 'a b' is no prefix",
    "Write a name",
  ],
  // what only the later steps see
  [
    (json) => ({ ...json, memory: 0 }),
    "XML error: Memory size must be specified via <memory> or in the <numa> configuration",
    "Add",
  ],
  [(json) => ({ ...json, title: "a\nb" }), "XML error: Domain title can't contain newlines", ""],
];

function withDisk(source: Json): unknown {
  const { devices } = domainToJson(parseDomain(XML, OPTIONS));
  return { ...devices, disks: [{ ...devices.disks[0], source }] };
}

test("wrong JSON is refused with its path, or in libvirt's words", (t) => {
  for (const [change, message, hint] of WRONG) {
    const json = throughText(domainToJson(parseDomain(XML, OPTIONS))) as Json;
    const error = t.throws(() => domainFromJson(change(json), OPTIONS), { instanceOf: VirtError });
    t.is(error?.message, message);
    t.true((error?.hint ?? "").startsWith(hint), error?.hint);
    t.is(error?.position, undefined);
  }
});

test("metadata that is no XML is refused with its place", (t) => {
  const json = domainToJson(parseDomain(XML, OPTIONS));
  const error = t.throws(() => domainFromJson({ ...json, metadata: "<metadata><a></metadata>" }, OPTIONS), {
    instanceOf: VirtError,
  });
  t.is(error?.code, "XML_DETAIL");
  t.regex(error?.message ?? "", /\/metadata:1: Opening and ending tag mismatch/);
});

test("the schema is a file of the package", (t) => {
  const file = new URL("../../../schemas/domain.json", import.meta.url);
  t.deepEqual(domainSchema(), JSON.parse(readFileSync(file, "utf8")));
});

test("the schema is what the types say", async (t) => {
  const script = fileURLToPath(new URL("../../../../scripts/domain-schema.mjs", import.meta.url));
  await t.notThrowsAsync(promisify(execFile)(process.execPath, [script, "--check"]));
});
