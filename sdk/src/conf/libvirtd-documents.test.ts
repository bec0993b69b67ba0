import { spawnSync } from "node:child_process";
import { VirtError } from "@polyvisor/core";
import test from "ava";
import { askVirsh, hasLibvirtd, hasVirsh90, startLibvirtd, type VirshAnswer } from "../testkit/index.js";
import { formatHostInterface, parseHostInterface } from "./interface/index.js";
import { formatNodeDevice, type NodeDevice, parseNodeDevice } from "./node-device/index.js";
import { formatSecret, parseSecret } from "./secret/index.js";
import { formatStoragePool, parseStoragePool, type StoragePoolType } from "./storage-pool/index.js";
import { formatStoragePoolCapabilities } from "./storage-volume/index.js";

// documents that only a daemon of libvirt reads or prints

const present = (await hasLibvirtd()) && hasVirsh90();
const compare = present ? test : test.skip;
const title = (what: string): string => (present ? what : `needs libvirtd and virsh 9.0: ${what}`);
const libvirtd = present ? await startLibvirtd() : undefined;
test.after.always(() => libvirtd?.stop());
const uri = `qemu+unix:///session?socket=${libvirtd?.socket}`;
const UUID = "6f0b2d3c-0000-4000-8000-000000000001";

function virsh(...args: readonly string[]): string {
  return spawnSync("virsh", ["-q", "-c", uri, ...args], { encoding: "utf8" }).stdout;
}

function listed(command: string): readonly string[] {
  return virsh(command)
    .split("\n")
    .map((line) => line.trim().split(/\s+/)[0] ?? "")
    .filter((name) => name !== "");
}

function answer(work: () => string): VirshAnswer {
  try {
    return { xml: work() };
  } catch (error) {
    if (error instanceof VirtError) return { error: error.message };
    throw error;
  }
}

const secret = (usage: string, attributes = ""): string =>
  `<secret${attributes}><uuid>${UUID}</uuid><description>d &amp; d</description>${usage}</secret>`;

const SECRETS: Readonly<Record<string, string>> = {
  "a secret for nothing": secret("", " ephemeral='yes' private='yes'"),
  "a secret of usage none": secret("<usage type='none'/>"),
  "a secret of a volume": secret("<usage type='volume'><volume>/v</volume></usage>", " private='no'"),
  "a secret of ceph": secret("<usage type='ceph'><name>c d</name></usage>"),
  "a secret of iscsi": secret("<usage type='iscsi'><target>t</target></usage>"),
  "a secret of tls": secret("<usage type='tls'><name>&lt;t&gt;</name></usage>"),
  "a secret of a tpm": secret("<usage type='vtpm'><name>t</name></usage>"),
  ...Object.fromEntries(
    ["volume", "ceph", "iscsi", "tls", "vtpm"].map((type) => [
      `a secret of ${type} that names nothing`,
      secret(`<usage type='${type}'/>`),
    ]),
  ),
  "a secret of an unknown usage": secret("<usage type='x'/>"),
  "a secret of no usage": secret("<usage/>"),
  "a bad ephemeral": secret("", " ephemeral='maybe'"),
  "a bad private": secret("", " private='on'"),
  "a secret with a bad uuid": "<secret><uuid>x</uuid></secret>",
  "another root": "<secrets/>",
};

for (const [what, xml] of Object.entries(SECRETS)) {
  compare(title(`libvirtd agrees: ${what}`), (t) => {
    const commands = (file: string): string => `secret-define ${file}; secret-dumpxml ${UUID}; secret-undefine ${UUID}`;
    t.deepEqual(
      answer(() => formatSecret(parseSecret(xml))),
      askVirsh(uri, xml, commands),
    );
  });
}

const netfs = (options: string): string =>
  `<pool type='netfs' xmlns:o='http://libvirt.org/schemas/storagepool/fs/1.0'><name>p</name><uuid>${UUID}</uuid>
<source><host name='h'/><dir path='/d'/></source><target><path>/t</path></target><o:mount_opts>${options}</o:mount_opts></pool>`;

const POOLS: Readonly<Record<string, string>> = {
  "mount options": netfs("<o:option name='a'/><o:option name='b&lt;'/>"),
  "no mount options": netfs(""),
  "a mount option without name": netfs("<o:option/>"),
};

for (const [what, xml] of Object.entries(POOLS)) {
  compare(title(`libvirtd agrees: ${what}`), (t) => {
    const commands = (file: string): string => `pool-define ${file}; pool-dumpxml p; pool-undefine p`;
    t.deepEqual(
      answer(() => formatStoragePool(parseStoragePool(xml))),
      askVirsh(uri, xml, commands),
    );
  });
}

compare(title("libvirtd agrees: what pools there are"), (t) => {
  const theirs = virsh("pool-capabilities");
  const supported = [...theirs.matchAll(/<pool type='([^']*)' supported='yes'>/g)].map(([, type]) => type ?? "");
  t.is(formatStoragePoolCapabilities(new Set(supported as StoragePoolType[])).trimEnd(), theirs.trimEnd());
});

/** The device as it is on this host: with what libvirt prints and never reads. */
function withHostParts(device: NodeDevice, xml: string): NodeDevice {
  const number = (name: string): number | undefined =>
    Number(new RegExp(`<${name}>(\\d+)<`).exec(xml)?.[1]) || undefined;
  return {
    ...device,
    driver: /<driver>\s*<name>([^<]*)</.exec(xml)?.[1],
    capabilities: device.capabilities.map((capability) =>
      capability.type === "storage"
        ? { ...capability, logicalBlockSize: number("logical_block_size"), numBlocks: number("num_blocks") }
        : capability,
    ),
  };
}

compare(title("libvirtd agrees: every device of this host"), (t) => {
  const names = listed("nodedev-list");
  t.true(names.includes("computer"));
  for (const name of names) {
    const xml = virsh("nodedev-dumpxml", name);
    t.is(formatNodeDevice(withHostParts(parseNodeDevice(xml), xml)).trimEnd(), xml.trimEnd(), name);
  }
});

compare(title("libvirtd agrees: every interface of this host"), (t) => {
  const names = listed("iface-list --all");
  t.true(names.includes("lo"));
  for (const name of names) {
    const xml = virsh("iface-dumpxml", name);
    t.is(formatHostInterface(parseHostInterface(xml)).trimEnd(), xml.trimEnd(), name);
  }
});
