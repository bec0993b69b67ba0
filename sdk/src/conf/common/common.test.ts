import test from "ava";
import {
  isMulticastMac,
  maskAddress,
  netmaskOfPrefix,
  parseIpAddress,
  parseMacAddress,
  parseUuid,
  parseWrappingUint32,
  prefixOfNetmask,
} from "./index.js";

test("addresses take every form that resolvers take, and have one", (t) => {
  const forms: readonly (readonly [string, string | undefined])[] = [
    ["10.0.0.1", "10.0.0.1"],
    ["10.1", "10.0.0.1"],
    ["0x7f.1", "127.0.0.1"],
    ["010.0.0.1", "8.0.0.1"],
    ["4294967295", "255.255.255.255"],
    ["4294967296", undefined],
    ["1.2.3.256", undefined],
    ["1.2.3.4.5", undefined],
    ["", undefined],
    ["2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["::", "::"],
    ["1::", "1::"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["::ffff:1.2.3.4", "::ffff:1.2.3.4"],
    ["::102:304", "::1.2.3.4"],
    ["::1", "::1"],
    ["fe80::1%lo", undefined],
    ["1:2", undefined],
  ];
  for (const [written, address] of forms) t.is(parseIpAddress(written), address, written);
  t.is(parseIpAddress("::1", "ipv4"), undefined);
  t.is(parseIpAddress("::ffff:1.2.3.4", "ipv4"), "1.2.3.4");
  t.is(parseIpAddress("1.2.3.4", "ipv6"), undefined);
});

test("netmasks and prefixes go into each other", (t) => {
  for (const prefix of [0, 1, 8, 19, 31, 32]) {
    t.is(prefixOfNetmask(netmaskOfPrefix(prefix, "ipv4") ?? ""), prefix);
  }
  for (const prefix of [0, 7, 64, 127, 128]) t.is(prefixOfNetmask(netmaskOfPrefix(prefix, "ipv6") ?? ""), prefix);
  t.is(prefixOfNetmask("255.0.255.0"), undefined);
  t.is(netmaskOfPrefix(33, "ipv4"), undefined);
  t.is(maskAddress("192.168.122.77", "255.255.255.192"), "192.168.122.64");
  t.is(maskAddress("2001:db8::ffff", "ffff:ffff::"), "2001:db8::");
});

test("MAC addresses have one form", (t) => {
  t.is(parseMacAddress("1:2:3:4:5:A"), "01:02:03:04:05:0a");
  for (const bad of ["", "1:2:3:4:5", "1:2:3:4:5:6:7", "001:2:3:4:5:6", "1-2-3-4-5-6", "g:2:3:4:5:6"]) {
    t.is(parseMacAddress(bad), undefined, bad);
  }
  t.deepEqual(["01:00:00:00:00:00", "52:54:00:00:00:00"].map(isMulticastMac), [true, false]);
});

test("UUIDs may be written with dashes and spaces anywhere between bytes", (t) => {
  const uuid = "81ff0d90-c91e-6742-64da-4a736edb9a9b";
  for (const form of [uuid, uuid.toUpperCase(), uuid.replaceAll("-", ""), ` ${uuid.replaceAll("-", "- ")}\n`]) {
    t.is(parseUuid(form), uuid);
  }
  for (const bad of ["", uuid.slice(1), `${uuid}00`, uuid.replace("8", "g"), "8-1ff0d90c91e674264da4a736edb9a9b"]) {
    t.is(parseUuid(bad), undefined, bad);
  }
});

test("minus one is the largest 32-bit number", (t) => {
  t.is(parseWrappingUint32("-1"), 4294967295);
  t.is(parseWrappingUint32("+7"), 7);
  t.is(parseWrappingUint32("0x10", 0), 16);
  t.is(parseWrappingUint32("ff", 16), 255);
  t.is(parseWrappingUint32("4294967296"), undefined);
  t.is(parseWrappingUint32("1 "), undefined);
});
