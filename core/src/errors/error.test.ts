import test from "ava";
import { refusalIn, wireError, wireErrorOf } from "../api/index.js";
import * as xdr from "../xdr/index.js";
import { checkFlags, VirtError } from "./index.js";

test("an error has libvirt's number and words", (t) => {
  const missing = new VirtError("NO_DOMAIN", "no domain with matching name 'x'", { domain: "QEMU", hint: "look" });
  t.like(missing, {
    number: 42,
    domainNumber: 10,
    message: "Domain not found: no domain with matching name 'x'",
    hint: "look",
  });
  t.is(new VirtError("NO_DOMAIN").message, "Domain not found");
  t.is(new VirtError("INTERNAL_ERROR", "costs $& and $1").message, "internal error: costs $& and $1");
});

test("anything thrown becomes an error of the API, and one of the API stays itself", (t) => {
  const known = new VirtError("NO_SUPPORT");
  t.is(VirtError.from(known), known);
  t.like(VirtError.from(new Error("boom")), { code: "INTERNAL_ERROR", message: "internal error: boom" });
  t.like(VirtError.from("text"), { message: "internal error: text" });
});

test("an error off the wire keeps its message; an unknown code is internal", (t) => {
  t.like(VirtError.fromWire({ code: 42, domain: 10, level: 2, message: "Domain not found: y" }), {
    code: "NO_DOMAIN",
    message: "Domain not found: y",
    domain: "QEMU",
  });
  t.like(VirtError.fromWire({ code: 9999, domain: 9999, level: 2, message: "z" }), {
    code: "INTERNAL_ERROR",
    domain: "NONE",
  });
});

test("an error comes off the wire as it went", (t) => {
  const errors = [
    new VirtError("INVALID_ARG", "flags", { caller: "testDomainReset", message: "unsupported flags (0x1)" }),
    new VirtError("SYSTEM_ERROR", "cannot read: No such file or directory", { errno: 2, domain: "TEST" }),
    new VirtError("NO_DOMAIN", "x", { domain: "QEMU", hint: "look for it" }),
    new VirtError("NO_DOMAIN"),
  ];
  for (const error of errors) {
    const wire = wireErrorOf(error);
    const { code, domain, level, message, str2, str3 } = wire;
    const back = VirtError.fromWire({
      ...{ code, domain, level, message: message ?? "", detail: str2 ?? undefined, hint: str3 ?? undefined },
      ...refusalIn(xdr.decodeFromBuffer(wireError, xdr.encodeToBuffer(wireError, wire))),
    });
    t.deepEqual(wireErrorOf(back), wire);
  }
});

test("flags that a call does not know are refused in libvirt's words, which leave the code's own out", (t) => {
  checkFlags(3, 3, "testDomainReset", "TEST");
  const error = t.throws(() => checkFlags(0x80000005 | 0, 4, "testDomainReset", "TEST"), { instanceOf: VirtError });
  t.is(error.message, "unsupported flags (0x80000001) in function testDomainReset");
  t.is(error.number, 8);
  t.is(error.domainNumber, 12);
});

test("an error of another copy of this package is one of ours; one that only looks so is not", async (t) => {
  const another = (await import(
    `${new URL("./error.js", import.meta.url).href}?another`
  )) as typeof import("./error.js");
  t.not(another.VirtError, VirtError);
  const theirs = new another.VirtError("NO_DOMAIN", "x");
  t.true(theirs instanceof VirtError);
  t.is(VirtError.from(theirs), theirs);
  class OfOurs extends VirtError {}
  t.false(theirs instanceof OfOurs);
  t.true(new OfOurs("NO_DOMAIN") instanceof VirtError);
  t.false(Object.assign(new Error("x"), { code: "NO_DOMAIN" }) instanceof VirtError);
});
