import { parseUri, VirtError } from "@polyvisor/core";
import test from "ava";
import { escapeDatastoreItem, folderPath, parseDatastorePath } from "./datastore-path.js";
import { parseEsxUri } from "./uri.js";

const GOOD: readonly (readonly [uri: string, expected: Partial<ReturnType<typeof parseEsxUri>>])[] = [
  ["esx://host/", { host: "host", port: 443, secure: true, verify: true, autoAnswer: false, user: undefined }],
  ["esx://root@host:8443/?no_verify=1&auto_answer=1", { user: "root", port: 8443, verify: false, autoAnswer: true }],
  ["esx://host/?transport=http", { port: 80, secure: false }],
  ["gsx://host/", { scheme: "gsx", port: 8333 }],
  ["gsx://host/?transport=http", { port: 8222 }],
  ["vpx://host/folder/dc/cluster/host1", { scheme: "vpx", path: "/folder/dc/cluster/host1", port: 443 }],
  ["esx://host/?proxy=relay", { proxy: { kind: "http", host: "relay", port: 1080 } }],
  ["esx://host/?proxy=socks://relay:99", { proxy: { kind: "socks5", host: "relay", port: 99 } }],
  ["esx://host/?proxy=socks4a://relay", { proxy: { kind: "socks4a", host: "relay", port: 1080 } }],
  ["esx://host/?vcenter=*&NO_VERIFY=0", { vcenter: "*", verify: true }],
  ["esx://host/?no_verify=1", { canonical: "esx://host:443/?no_verify=1" }],
];

for (const [uri, expected] of GOOD) {
  test(`what a URI says: ${uri}`, (t) => {
    t.like(parseEsxUri(parseUri(uri)), expected);
  });
}

const BAD: readonly (readonly [uri: string, detail: string])[] = [
  ["esx://host/?transport=ftp", "Query parameter 'transport' has unexpected value 'ftp' (should be http|https)"],
  ["esx://host/?no_verify=2", "Query parameter 'no_verify' has unexpected value '2' (should be 0 or 1)"],
  ["esx://host/?auto_answer=yes", "Query parameter 'auto_answer' has unexpected value 'yes' (should be 0 or 1)"],
  [
    "esx://host/?proxy=ftp://relay",
    "Query parameter 'proxy' contains unexpected type 'ftp' (should be (http|socks(|4|4a|5))",
  ],
  ["esx://host/?proxy=:80", "Query parameter 'proxy' doesn't contain a hostname"],
  ["esx://host/?proxy=relay:0", "Query parameter 'proxy' has unexpected port value '0' (should be [1..65535])"],
  ["esx:///", "URI 'esx:///' names no host"],
];

for (const [uri, detail] of BAD) {
  test(`a URI that is refused: ${uri}`, (t) => {
    const error = t.throws(() => parseEsxUri(parseUri(uri)), { instanceOf: VirtError });
    t.like(error, { code: "INVALID_ARG", detail });
    t.truthy(error?.hint);
  });
}

test("files of datastores", (t) => {
  t.deepEqual(parseDatastorePath("[one] a/b.vmdk"), { datastore: "one", directory: "a", path: "a/b.vmdk" });
  t.deepEqual(parseDatastorePath("[one]  top.iso"), { datastore: "one", directory: "", path: "top.iso" });
  t.throws(() => parseDatastorePath("/vmfs/x"), { message: /doesn't have expected format '\[<datastore>\] <path>'/ });
  t.is(folderPath("a b/c.vmx", "d s", "x/y"), "/folder/a%20b/c.vmx?dcPath=x%2Fy&dsName=d%20s");
});

test("names become names of files as the server makes them", (t) => {
  t.is(escapeDatastoreItem("plain name_1"), "plain name_1");
  t.is(escapeDatastoreItem("a/b"), "a+JQ-2fb");
  t.is(escapeDatastoreItem("x:y"), "x_y");
  t.is(escapeDatastoreItem("ä"), "+w6Q");
});
