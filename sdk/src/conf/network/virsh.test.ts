import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import test from "ava";
import { formatNetwork, parseNetwork } from "./index.js";

// libvirt's own test driver runs inside virsh: the same XML must give the same document or the same words here.

const version = spawnSync("virsh", ["--version"], { encoding: "utf8" });
const compared = version.status === 0 && version.stdout.startsWith("9.0.");
const compare = compared ? test : test.skip;
const title = (what: string): string => (compared ? what : `needs virsh 9.0: ${what}`);

function virsh(xml: string): { readonly xml: string } | { readonly error: string } {
  const folder = mkdtempSync(join(tmpdir(), "polyvisor-virsh-net-"));
  try {
    writeFileSync(join(folder, "n.xml"), xml);
    const run = spawnSync(
      "virsh",
      ["-q", "-c", "test:///default", `net-define ${join(folder, "n.xml")}; net-dumpxml n`],
      { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } },
    );
    const start = run.stdout.indexOf("<network");
    if (start >= 0) return { xml: `${run.stdout.slice(start).trimEnd()}\n` };
    const errors = run.stderr.split(/^error: /m).filter((each) => each !== "" && !each.startsWith("Failed to"));
    return { error: (errors[0] ?? "").trimEnd() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function ours(xml: string): { readonly xml: string } | { readonly error: string } {
  try {
    return { xml: formatNetwork(parseNetwork(xml)) };
  } catch (error) {
    if (error instanceof VirtError) return { error: error.message.trimEnd() };
    throw error;
  }
}

function network(body: string, attributes = ""): string {
  return `<network${attributes}><name>n</name><uuid>81ff0d90-c91e-6742-64da-4a736edb9a9b</uuid>${body}</network>`;
}

const CASES: Readonly<Record<string, string>> = {
  "metadata of namespaces from further out": network(
    "<metadata>text <plain/><o:one z='1' xmlns:p='urn:p' p:k='v'/><o:two/><own xmlns='urn:own'>b</own></metadata>",
    " xmlns:o='urn:outer'",
  ),
  "addresses in unusual forms": network(
    `<ip address='0x0a.1' prefix='8'/>${["1:0:0:2:0:0:0:3", "::FFFF:1.2.3.4", "::1.2.3.4", "0:0:1::", "::"]
      .map((address) => `<ip family='ipv6' address='${address}'/>`)
      .join("")}`,
  ),
  "every part of DNS": network(
    `<dns enable='yes'><forwarder addr='1.1.1.1'/><txt name='a' value=''/><srv service='_s' protocol='tcp' target='t' port='1'/>
<host ip='::1'><hostname>a</hostname></host></dns>`,
  ),
  "a MAC address with blanks behind": network("<mac address='52:54:0:1:2:3 or so'/>"),
  "a UUID without dashes": "<network><name>n</name><uuid>81ff0d90c91e674264da4a736edb9a9b</uuid></network>",
  "a pool of names": network("<forward mode='passthrough'><interface dev='a'/><interface dev='b'/></forward>"),
  "a mode of nothing": network("<forward mode='none'/>"),
  "native VLANs": network("<vlan><tag id='5' nativeMode='untagged'/><tag id='5'/></vlan>"),
  "a virtual port with nothing to show": network(
    "<virtualport type='midonet'><parameters managerid='3'/></virtualport>",
  ),
  "an mtu of minus one": network("<mtu size='-1'/>"),
  "a netmask with a hole": network(
    "<ip address='10.0.0.1' netmask='255.0.255.0'><dhcp><range start='10.0.0.2' end='10.0.0.3'/></dhcp></ip>",
  ),
  "a route through nowhere": network("<route address='0.0.0.0' gateway='10.0.0.1'/>"),
  "a class D address": network("<ip address='224.0.0.1'><dhcp><range start='224.0.0.2' end='224.0.0.3'/></dhcp></ip>"),
  "no name": "<network/>",
};

for (const [what, xml] of Object.entries(CASES)) {
  compare(title(`virsh agrees: ${what}`), (t) => {
    t.deepEqual(ours(xml), virsh(xml));
  });
}
