import { readFileSync } from "node:fs";
import { formatDomain } from "@polyvisor/sdk/conf";
import test from "ava";
import { CONTEXT, printGuest, readGuest } from "../../testing/context.js";
import { parseLibxlJson, toLibxlJson } from "../index.js";

const FIXTURES = new URL("../../../fixtures/golden/", import.meta.url);

test("a domain that xl prints again is the one that was started", (t) => {
  const facts = { nestedHvm: true, hardwareVirtualization: "vmx", nodes: 8, freePort: () => 5933 } as const;
  for (const name of ["machine.xml", "para-machine.xml", "light.xml", "para.xml"]) {
    const config = toLibxlJson(readGuest(readFileSync(new URL(name, FIXTURES), "utf8")), facts);
    // what goes through JSON has lost what is undefined
    const printed = JSON.parse(JSON.stringify(config));
    const domain = parseLibxlJson(printed, CONTEXT);
    t.deepEqual(JSON.parse(JSON.stringify(toLibxlJson(domain, facts))), printed, name);
  }
});

const COMMON = {
  max_vcpus: 2,
  avail_vcpus: [0],
  max_memkb: 196608,
  target_memkb: 131072,
  sched_params: { sched: "credit2", weight: 256, cap: 0 },
};
const BOOT = { kernel: "/guests/vmlinuz", ramdisk: "/guests/initrd", cmdline: "console=hvc0" };
const C_INFO = { type: "pv", name: "g", uuid: "11111111-2222-3333-4444-555555555503", domid: 4294967295 };

test("the kernel of a paravirtual guest is found wherever its maker put it", (t) => {
  const byXl = { c_info: C_INFO, b_info: { ...COMMON, ...BOOT, "type.pv": {} }, on_reboot: "restart" };
  const byLibvirt = { c_info: C_INFO, b_info: { ...COMMON, "type.pv": BOOT }, on_reboot: "restart" };
  const [first, second] = [byXl, byLibvirt].map((config) => printGuest(parseLibxlJson(config, CONTEXT)));
  t.is(first, second);
  t.is(
    first,
    `<domain type='xen'>
  <name>g</name>
  <uuid>11111111-2222-3333-4444-555555555503</uuid>
  <memory unit='KiB'>196608</memory>
  <currentMemory unit='KiB'>131072</currentMemory>
  <vcpu placement='static' current='1'>2</vcpu>
  <os>
    <type arch='x86_64' machine='xenpv'>linux</type>
    <kernel>/guests/vmlinuz</kernel>
    <initrd>/guests/initrd</initrd>
    <cmdline>console=hvc0</cmdline>
  </os>
  <clock offset='utc' adjustment='reset'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <controller type='xenbus' index='0'/>
    <console type='pty'>
      <target type='xen' port='0'/>
    </console>
    <input type='mouse' bus='xen'/>
    <input type='keyboard' bus='xen'/>
    <memballoon model='xen'/>
  </devices>
</domain>
`,
  );
});

test("dom0 has neither UUID nor vCPUs there", (t) => {
  const domain = parseLibxlJson(
    { c_info: { type: "pv", name: "Domain-0" }, b_info: { max_memkb: 1048576, target_memkb: 1048575, "type.pv": {} } },
    CONTEXT,
  );
  t.is(domain.uuid, "00000000-0000-0000-0000-000000000000");
  t.deepEqual(domain.vcpu, { max: 1, current: 1, placement: "static" });
});

test("features are read from either form of the masks", (t) => {
  const leaf = { leaf: 1, ecx: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0", edx: "xx1xxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };
  for (const cpuid of [[leaf], { cpuid: [leaf], msr: [] }]) {
    const config = { c_info: { ...C_INFO, type: "hvm" }, b_info: { ...COMMON, cpuid, "type.hvm": {} } };
    t.deepEqual(parseLibxlJson(config, CONTEXT).cpu?.features, [
      { name: "pni", policy: "disable" },
      { name: "tm", policy: "force" },
    ]);
  }
});

test("whatever is printed makes a domain or an error with words", (t) => {
  for (const config of [undefined, null, 3, "x", [], {}, { c_info: { name: 3 } }]) {
    t.throws(() => parseLibxlJson(config, CONTEXT), { message: /domain without a name/ });
  }
  t.throws(() => parseLibxlJson({ c_info: { name: "x", type: "tape" } }, CONTEXT), { message: /unknown type 'tape'/ });
  const odd = {
    c_info: { name: "x", type: "hvm", uuid: "no" },
    b_info: { max_vcpus: -1, avail_vcpus: "all", max_memkb: "1", "type.hvm": { serial: 7, boot: ["c"], vnc: [] } },
    disks: [{ pdev_path: "/a" }, 5, { vdev: 3 }],
    nics: [{}],
    channels: [{}],
    on_crash: "cry",
  };
  t.notThrows(() => formatDomain(parseLibxlJson({ ...odd, c_info: { name: "x", type: "hvm" } }, CONTEXT)));
});
