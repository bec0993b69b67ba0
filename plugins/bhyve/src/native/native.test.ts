import { formatDomain, parseDomain } from "@polyvisor/sdk/conf/domain";
import test from "ava";
import { bhyveHooks } from "../conf/index.js";
import { CAPABILITIES } from "../golden/rows.js";
import { guestDocument } from "../testing/documents.js";
import { readNative, writeNative } from "./index.js";

const line = (args: string) => `/usr/sbin/bhyve ${args} vm`;

const REFUSED: readonly (readonly [what: string, text: string, words: RegExp])[] = [
  ["no bhyve", "/usr/sbin/bhyveload -m 1 -d /x vm", /Failed to convert the command string to argv-lists/],
  ["a value is missing", line("-c"), /Missing argument for '-c'/],
  ["a word too many", line("-A other"), /Failed to parse arguments for bhyve command/],
  ["no processors", line("-c many"), /Failed to parse number of vCPUs/],
  ["a size that is none", line("-m lots"), /Failed to parse memory/],
  ["a size beyond all", line("-m 99999999999999e"), /Failed to parse memory/],
  ["a UUID that is none", line("-U x"), /Cannot parse UUID 'x'/],
  [
    "a port that is no null modem",
    line("-l com1,stdio"),
    /Failed to set com port com1: does not start with '\/dev\/nmdm'\./,
  ],
  [
    "an end without another",
    line("-l com1,/dev/nmdm0"),
    /Failed to set slave for \/dev\/nmdm0: last letter not 'A' or 'B'/,
  ],
  ["a third port", line("-l com3,/dev/nmdm0A"), /Failed to parse com3: only com1 and com2 supported\./],
  ["two sizes", `/usr/sbin/bhyveload -m 2 -d /x vm\n${line("-m 1")}`, /Failed to parse memory: size mismatch/],
  ["two names", `/usr/sbin/bhyveload -m 1 -d /x other\n${line("-m 1")}`, /VM name mismatch/],
];

for (const [what, text, words] of REFUSED) {
  test(`refused: ${what}`, (t) => void t.throws(() => readNative(text), { message: words }));
}

test("a guest's own commands come back as the guest", (t) => {
  const features = { bhyve: new Set(["rtc-utc", "ahci-32-slots", "e1000"] as const), grubConsole: false };
  const hooks = bhyveHooks(CAPABILITIES, features.bhyve);
  const devices = `<disk type='file' device='cdrom'><source file='/a.iso'/><target dev='sda' bus='sata'/></disk>
    <disk type='file'><source file='/b.img'/><target dev='sdb' bus='sata'/></disk><serial type='nmdm'/>`;
  const document = guestDocument(devices)
    .replaceAll("{name}", "vm")
    .replace("{uuid}", "5f7d1f4e-0c9a-4a6b-9d43-00000000000a");
  const written = writeNative(parseDomain(document, { hooks }), features);
  const { domain, warnings } = readNative(written, { newUuid: () => "5f7d1f4e-0c9a-4a6b-9d43-00000000000a" });
  t.deepEqual(warnings, []);
  t.deepEqual(
    domain.devices.disks.map(({ device, source }) => [device, "path" in source ? source.path : undefined]),
    [
      ["cdrom", "/a.iso"],
      ["disk", "/b.img"],
      ["disk", "/guests/vm.img"],
    ],
  );
  // Whoever takes the document gets the same guest; only the order of its controllers may be another.
  const options = (text: string) => text.split(/ (?=-)/).sort();
  t.deepEqual(options(writeNative(parseDomain(formatDomain(domain), { hooks }), features)), options(written));
});
