import { VirtError } from "@polyvisor/core";
import test from "ava";
import { formatDomain, formatSysinfo, parseDomain, readSysinfo, type SysinfoSource } from "../index.js";

const UUID = "6f0b2d3c-0000-4000-8000-000000000001";

function guest(sysinfo: string, uuid = `<uuid>${UUID}</uuid>`): string {
  return `<domain type='test'><name>g</name>${uuid}
${sysinfo}
<memory>1024</memory><os><type arch='x86_64'>hvm</type></os></domain>`;
}

function system(uuid: string): string {
  return `<sysinfo type='smbios'><system><entry name='uuid'>${uuid}</entry></system></sysinfo>`;
}

const REFUSED: readonly (readonly [what: string, xml: string, code: string, words: RegExp, hint: RegExp])[] = [
  [
    "a date that is none",
    "<sysinfo type='smbios'><bios><entry name='date'>13/01/2020</entry></bios></sysinfo>",
    "XML_DETAIL",
    /Invalid BIOS 'date' format/,
    /mm\/dd\/yyyy/,
  ],
  ["a UUID that is none", system("12"), "XML_DETAIL", /malformed <sysinfo> uuid element/, /UUID/],
  [
    "a UUID of another domain",
    system("6f0b2d3c-0000-4000-8000-000000000002"),
    "XML_DETAIL",
    /UUID mismatch between <uuid> and <sysinfo>/,
    /000000000001/,
  ],
  [
    "an entry that nobody knows",
    "<sysinfo type='smbios'><bios><entry name='vendr'>x</entry></bios></sysinfo>",
    "CONFIG_UNSUPPORTED",
    /unknown sysinfo entry 'vendr'/,
    /Did you mean 'vendor'/,
  ],
  [
    "a table that guests cannot be given",
    "<sysinfo type='smbios'><processor><entry name='type'>x</entry></processor></sysinfo>",
    "XML_INVALID_SCHEMA",
    /Did not expect element processor there/,
    /no such element/,
  ],
  [
    "a blob without a name",
    "<sysinfo type='fwcfg'><entry>x</entry></sysinfo>",
    "XML_ERROR",
    /Firmware entry is missing 'name' attribute/,
    /name=/,
  ],
  [
    "a blob without content",
    "<sysinfo type='fwcfg'><entry name='opt/x'/></sysinfo>",
    "XML_ERROR",
    /Firmware entry must have either value or 'file' attribute/,
    /file=/,
  ],
];

for (const [what, xml, code, words, hint] of REFUSED) {
  test(`a domain's sysinfo: ${what} is refused with its place`, (t) => {
    const error = t.throws(() => parseDomain(guest(xml)), { instanceOf: VirtError });
    t.is(error?.code, code as VirtError["code"]);
    t.regex(error?.message ?? "", words);
    t.is(error?.position?.line, 2);
    t.regex(error?.hint ?? "", hint);
  });
}

test("a domain without a UUID takes the one of its system table", (t) => {
  const domain = parseDomain(guest(system("6F0B2D3C000040008000000000000009"), ""));
  t.is(domain.uuid, "6f0b2d3c-0000-4000-8000-000000000009");
  t.regex(formatDomain(domain), /<entry name='uuid'>6f0b2d3c-0000-4000-8000-000000000009</);
});

test("a blob's path is kept without doubled slashes", (t) => {
  const domain = parseDomain(guest("<sysinfo type='fwcfg'><entry name='opt/x' file='/a//b/'/></sysinfo>"));
  t.regex(formatDomain(domain), /<entry name='opt\/x' file='\/a\/b'\/>/);
});

function fakeHost(answers: Readonly<Record<string, string>>): SysinfoSource {
  const answer = async (question: string): Promise<string> => {
    const text = answers[question];
    if (text === undefined) throw new Error(`${question}: not here`);
    return text;
  };
  return { dmidecode: (args) => answer(args.join(" ")), file: answer };
}

const TABLES = "-q -t 0,1,2,3,4,11,17";

test("a host's sysinfo comes from dmidecode, and strings with line breaks from asking again", async (t) => {
  const host = fakeHost({
    [TABLES]: `BIOS Information
	Vendor: Acme <BIOS>
	Version:
Memory Device
	Size: No Module Installed
	Locator: A1
OEM Strings
	String 1: plain
	String 2: two.lines
`,
    "--dump --oem-string 2": "two\nlines",
  });
  t.is(
    formatSysinfo(await readSysinfo("x86_64", host)),
    `<sysinfo type='smbios'>
  <bios>
    <entry name='vendor'>Acme &lt;BIOS&gt;</entry>
  </bios>
  <oemStrings>
    <entry>plain</entry>
    <entry>two
lines</entry>
  </oemStrings>
</sysinfo>
`,
  );
});

test("an ARM host without tables is told by its kernel", async (t) => {
  const host = fakeHost({
    "/proc/cpuinfo": "processor\t: 0\nmodel name\t: Core\n\nprocessor\t: 1\nmodel name\t: Core\n",
  });
  const { processors } = await readSysinfo("armv7l", host);
  t.deepEqual(processors?.[1], [
    { name: "socket_destination", value: "1" },
    { name: "type", value: "Core" },
  ]);
});

const UNREADABLE: readonly (readonly [arch: string, answers: Record<string, string>, code: string, words: RegExp])[] = [
  ["x86_64", {}, "INTERNAL_ERROR", /dmidecode failed/],
  ["ppc64le", {}, "INTERNAL_ERROR", /Failed to open \/proc\/cpuinfo/],
  ["s390x", { "/proc/cpuinfo": "vendor_id : IBM/S390\n", "/proc/sysinfo": "" }, "INTERNAL_ERROR", /no 'Manufacturer'/],
  ["riscv64", {}, "SYSTEM_ERROR", /Host sysinfo extraction not supported on this platform/],
];

for (const [arch, answers, code, words] of UNREADABLE) {
  test(`a host of ${arch} that tells nothing gives an error that says so`, async (t) => {
    const error = await t.throwsAsync(readSysinfo(arch, fakeHost(answers)), { instanceOf: VirtError });
    t.is(error?.code, code as VirtError["code"]);
    t.is(error?.domain, "SYSINFO");
    t.regex(error?.message ?? "", words);
  });
}
