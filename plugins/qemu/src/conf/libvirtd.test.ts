import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import { type DomainHooks, formatDomain, parseDomain } from "@polyvisor/sdk/conf/domain";
import test from "ava";
import { CapabilitiesCache, findEmulator } from "../capabilities/index.js";
import { everyKind, GUESTS } from "../testing/guests.js";
import { hasLibvirtd, type Libvirtd, startLibvirtd } from "../testing/libvirtd.js";
import { assignAliases, qemuHooks } from "./index.js";

// A real libvirtd with the same emulator defines the same documents: what it prints, or its words, must be ours.

const emulator = await findEmulator("x86_64");

if (emulator === undefined || !hasLibvirtd()) {
  test.skip("needs libvirtd 9.0 and qemu-system-x86_64: definitions are completed as libvirt completes them", (t) =>
    t.pass());
} else {
  let libvirtd: Libvirtd;
  let hooks: DomainHooks;

  test.before(async (t) => {
    const cache = await mkdtemp(join(tmpdir(), "polyvisor-caps-"));
    hooks = qemuHooks(await new CapabilitiesCache(cache).lookup(emulator));
    await rm(cache, { recursive: true });
    libvirtd = await startLibvirtd();
    t.timeout(60_000);
  });

  test.after.always(() => libvirtd?.stop());

  for (const machine of ["pc", "q35"]) {
    test.serial(`libvirtd agrees: ${machine}: the names of devices`, async (t) => {
      const xml = everyKind(machine, libvirtd.image);
      const ours = assignAliases(parseDomain(xml, { hooks, abiUpdate: true }));
      const names = (text: string) => [...text.matchAll(/<alias name='([^']*)'/g)].map((match) => match[1]);
      const theirs = names(await libvirtd.run(xml));
      t.true(theirs.length > 20);
      t.deepEqual(names(formatDomain({ ...ours, id: 1 })), theirs);
    });
  }

  for (const [what, xml] of Object.entries(GUESTS)) {
    test.serial(`libvirtd agrees: ${what}`, async (t) => {
      const theirs = await libvirtd.define(xml);
      t.deepEqual(ours(xml, hooks), theirs);
      if ("xml" in theirs)
        t.deepEqual(ours(theirs.xml, hooks), await libvirtd.define(theirs.xml), "and when it is read again");
    });
  }
}

function ours(xml: string, hooks: DomainHooks): { readonly xml: string } | { readonly error: string } {
  try {
    return { xml: formatDomain(parseDomain(xml, { hooks, abiUpdate: true }), { inactive: true, secure: true }) };
  } catch (error) {
    if (error instanceof VirtError) return { error: error.message };
    throw error;
  }
}
