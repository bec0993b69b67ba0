import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { type Outcome, outputOf, runCommand } from "./harness/command.js";
import { EventRecorder } from "./harness/event-recorder.js";
import { program, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { Virsh } from "./harness/virsh.js";
import { withFiles } from "./harness/with-peer.js";

const NEEDS = await Promise.all(["virt-install", "virt-xml", "virt-clone", "virsh", "stdbuf"].map(program));

const LIBVIRT = "test:///default";
const NAMED = "--name vm --uuid 99999999-0000-4000-8000-000000000001 --memory 64 --osinfo generic --noautoconsole";
const GUEST = `${NAMED} --network network=default,mac=52:54:00:00:00:0a`;

/** Each is run with a fresh driver. */
const COMMANDS = [
  `virt-install ${GUEST} --disk none --import --print-xml`,
  `virt-install ${GUEST} --disk none --pxe --vcpus 2,maxvcpus=4 --boot network,hd,menu=on --graphics vnc,listen=127.0.0.1 --print-xml`,
  `virt-install ${GUEST} --disk pool=default-pool,size=1 --import --cpu host-passthrough --tpm emulator --rng /dev/urandom --watchdog default --print-xml`,
  `virt-install ${GUEST} --disk size=1 --cdrom /default-pool/nothing.iso`,
  `virt-install ${GUEST} --disk none --import --transient`,
  `virt-install ${GUEST} --disk pool=default-pool,size=1 --pxe`,
  "virt-xml test --edit --boot network --print-diff --define",
  "virt-xml test --add-device --disk pool=default-pool,size=1 --print-diff --define",
  "virt-xml test --remove-device --disk 1 --print-diff --define",
  "virt-xml nobody --edit --memory 1024",
  "virt-clone --original test --auto-clone",
];

/** A guest is installed as one without a definition, and gets one then. */
const EVENTS = [
  "vm: Started Booted",
  "vm: Defined Added",
  "vm: Defined Updated",
  "vm: Stopped Destroyed",
  "copy: Defined Added",
];

/** All that a command of virtinst prints, and how it ends. */
async function answer(uri: string, command: string): Promise<string> {
  const [name = "", ...args] = command.split(" ");
  const { code, stdout, stderr } = await virtinst(name, ["--connect", uri, ...args]);
  return `${command} -> ${code}\n${stdout}${stderr}`.replaceAll(uri, LIBVIRT);
}

/** With a log of its own: of two that make the folder of their logs at once, one complains. */
async function virtinst(name: string, args: readonly string[]): Promise<Outcome> {
  const cache = await mkdtemp(join(tmpdir(), "virtinst-"));
  try {
    return await runCommand(name, args, { env: { ...process.env, XDG_CACHE_HOME: cache } });
  } finally {
    await rm(cache, { recursive: true });
  }
}

testWith("virt-install, virt-xml and virt-clone do the same with libvirt's test driver and ours", NEEDS, (t) =>
  withPolyvisord(async (daemon) => {
    for (const command of COMMANDS) {
      const [theirs, ours] = await Promise.all([answer(LIBVIRT, command), answer(daemon.uri("test"), command)]);
      t.is(ours, theirs);
    }
  }),
);

testWith("a guest is installed, changed and cloned, and is what libvirt's driver makes of its document", NEEDS, (t) =>
  withPolyvisord(async (daemon) => {
    const virsh = new Virsh(daemon.uri("test"));
    // Its connection keeps the driver as it is from command to command.
    const events = await EventRecorder.start(virsh, "test");
    const run = async (command: string) => {
      const told = await answer(virsh.uri, command);
      t.regex(told, / -> 0\n/, told);
    };
    try {
      const install = `virt-install ${GUEST} --disk pool=default-pool,size=1 --import`;
      const [, ...args] = `${install} --print-xml`.split(" ");
      const { stdout: printed } = await virtinst("virt-install", ["--connect", LIBVIRT, ...args]);
      await run(install);
      t.regex(await virsh.ok("list", "--name"), /^vm$/m);
      t.regex(await virsh.ok("vol-list", "default-pool"), / vm\.qcow2 /);
      t.is(await virsh.ok("dumpxml", "vm", "--inactive"), await byLibvirt(printed));

      await run("virt-xml vm --edit --vcpus 3 --define");
      t.regex(await virsh.ok("dumpxml", "vm", "--inactive"), /<vcpu placement='static'>3<\/vcpu>/);
      await virsh.ok("destroy", "vm");
      await run("virt-clone --original vm --name copy --auto-clone");
      await checkCopy(t, virsh);
      t.deepEqual(await events.wait("lifecycle", EVENTS.length), EVENTS);
    } finally {
      await events.stop();
    }
  }),
);

/** The definition that libvirt's own driver has when it is given a document. */
function byLibvirt(document: string): Promise<string> {
  return withFiles({ document }, async (paths) => {
    const told = await outputOf("virsh", ["-c", LIBVIRT, `define ${paths.document}; echo; dumpxml vm --inactive`]);
    return told.slice(told.indexOf("<domain")).trim();
  });
}

/** A clone has the original's devices, and its own names, addresses and disk. */
async function checkCopy(t: ExecutionContext, virsh: Virsh): Promise<void> {
  t.regex(await virsh.ok("vol-list", "default-pool"), / copy\.qcow2 /);
  const [vm, copy] = await Promise.all(["vm", "copy"].map((name) => virsh.ok("dumpxml", name)));
  const anonymous = (document: string | undefined) =>
    document
      ?.replace(/<(name|uuid)>.*<\/\1>/g, "<$1/>")
      .replace(/<mac address='.*'\/>/g, "<mac/>")
      .replace(/(vm|copy)\.qcow2/g, "DISK");
  t.is(anonymous(copy), anonymous(vm));
  t.notRegex(copy ?? "", /99999999-0000-4000-8000-000000000001|52:54:00:00:00:0a|vm\.qcow2/);
}
