import test from "ava";
import { parseStoragePool, shareStorage } from "./index.js";

const pool = (type: string, inside: string) => parseStoragePool(`<pool type='${type}'><name>p</name>${inside}</pool>`);
const dir = (path: string) => pool("dir", `<target><path>${path}</path></target>`);
const group = (device: string) => pool("logical", `<source><device path='${device}'/></source>`);
const disk = (device: string) =>
  pool("disk", `<source><device path='${device}'/></source><target><path>/dev</path></target>`);
const share = (host: string, port: string, path: string) =>
  pool(
    "netfs",
    `<source><host name='${host}'${port}/><dir path='${path}'/></source><target><path>/mnt</path></target>`,
  );
const fabric = (wwpn: string) =>
  pool(
    "scsi",
    `<source><adapter type='fc_host' wwnn='20000000c9831b4b' wwpn='${wwpn}'/></source><target><path>/dev</path></target>`,
  );
const adapter = (name: string) =>
  pool("scsi", `<source><adapter type='scsi_host' name='${name}'/></source><target><path>/dev</path></target>`);

for (const [what, one, other, shared] of [
  ["one folder", dir("/a"), dir("/a"), true],
  ["two folders", dir("/a"), dir("/b"), false],
  ["a device of two types of pool", group("/dev/sda1"), disk("/dev/sda1"), true],
  ["two devices", group("/dev/sda1"), group("/dev/sdb1"), false],
  ["one share", share("h", "", "/x"), share("h", "", "/x"), true],
  ["a share of any port and one of a port", share("h", " port='5'", "/x"), share("h", "", "/x"), true],
  ["shares of two hosts", share("h", "", "/x"), share("i", "", "/x"), false],
  ["one virtual port", fabric("10000000c9831b4b"), fabric("10000000c9831b4b"), true],
  ["two virtual ports", fabric("10000000c9831b4b"), fabric("10000000c9831b4c"), false],
  ["two names of one adapter", adapter("scsi_host3"), adapter("host3"), true],
  ["two adapters", adapter("scsi_host3"), adapter("scsi_host4"), false],
  ["a folder and a device", dir("/dev/sda1"), group("/dev/sda1"), false],
] as const) {
  test(`pools of ${what} ${shared ? "share" : "do not share"} their storage`, (t) => {
    t.is(shareStorage(one, other), shared);
  });
}
