import test from "ava";
import { formatUri, parseUri, uriParam } from "./uri.js";

test("URIs are read as libvirt reads them", (t) => {
  const rows: [string, Partial<ReturnType<typeof parseUri>>][] = [
    ["qemu:///system", { scheme: "qemu", transport: undefined, server: undefined, path: "/system" }],
    ["test+unix:///default?socket=/a/b%20c", { scheme: "test", transport: "unix", params: [["socket", "/a/b c"]] }],
    ["qemu+ssh://root@example.com:22/system", { transport: "ssh", user: "root", server: "example.com", port: 22 }],
    ["xen+tls://[::1]:16514/", { server: "::1", port: 16514, path: "/" }],
    [
      "esx://h/?no_verify=1;auto_answer=1",
      {
        params: [
          ["no_verify", "1"],
          ["auto_answer", "1"],
        ],
      },
    ],
    ["lxc:///#x", { fragment: "x" }],
    ["test:///default", { params: [] }],
    ["QEMU:///system", { scheme: "qemu" }],
  ];
  for (const [text, parts] of rows) t.like(parseUri(text), parts, text);
});

test("what is no URI fails with libvirt's code and words", (t) => {
  for (const text of ["", "default", "//x", "qemu://host:99999/", "qemu:///%zz", "qemu://[::1/"]) {
    const error = t.throws(() => parseUri(text), { message: /^invalid argument: unable to parse URI/ });
    t.like(error, { code: "INVALID_ARG", number: 8 });
  }
});

test("a URI survives formatting", (t) => {
  for (const text of ["qemu:///system", "qemu+ssh://a@h:22/system?socket=%2Fx%20y&name=b", "xen+tls://[::1]:16514/"]) {
    t.is(formatUri(parseUri(text)), text);
  }
});

test("parameters are found whatever their case", (t) => {
  t.is(uriParam(parseUri("test:///?Socket=/x"), "socket"), "/x");
  t.is(uriParam(parseUri("test:///"), "socket"), undefined);
});
