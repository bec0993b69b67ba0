import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  EMULATOR,
  hasEmulator,
  hasLibvirtd,
  hasVirsh90,
  mayOpenSystemHost,
  openSystemHost,
  startSystemLibvirtd,
  withinReason,
} from "@polyvisor/sdk/testkit";
import test from "ava";
import { makeFolder, startOn } from "./testing/daemons.js";

/** A boot sector that says on the first serial port what follows it, and halts. */
const TALK = Buffer.from("fafc31c08ed8be177cbaf803ac84c07403eeebf8f4ebfd", "hex");
const WORDS = "the guest speaks\n";

const real = mayOpenSystemHost() && hasVirsh90() && (await hasLibvirtd()) && (await hasEmulator()) ? test : test.skip;

async function virsh(socket: string, ...args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn("virsh", ["-q", "-c", `qemu+unix:///system?socket=${socket}`, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const [code] = await once(child, "close");
  return { code, said };
}

real(
  "a real libvirtd keeps its guest's logs at polyvisor-logd, also when that is replaced and killed (needs root, libvirtd and QEMU)",
  async (t) => {
    const host = await openSystemHost();
    t.teardown(() => host.close());
    const folder = await makeFolder(t);
    let logd = await startOn(host, "polyvisor-logd");
    const { socket } = await startSystemLibvirtd({
      host,
      qemu: 'stdio_handler = "logd"\nuser = "root"\ngroup = "root"',
    });
    const image = Buffer.alloc(1 << 20);
    TALK.copy(image);
    image.write(WORDS, TALK.length, "latin1");
    image.writeUInt16BE(0x55aa, 510);
    await writeFile(join(folder, "disk.img"), image);
    const xml = join(folder, "guest.xml");
    const define = async (more: string) => {
      await writeFile(
        xml,
        `<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>talker</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid><memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <emulator>${EMULATOR}</emulator>
    <disk type='file'><driver name='qemu' type='raw'/><source file='${folder}/disk.img'/><target dev='hda' bus='ide'/></disk>
    <serial type='file'><source path='${folder}/serial.txt'/><log file='${folder}/serial.log'/></serial>
  </devices>${more}
</domain>`,
      );
      t.is((await virsh(socket, "define", xml)).code, 0);
    };
    const text = (path: string) => readFile(path, "utf8").catch(() => "");
    const log = () => text(host.path("/var/log/libvirt/qemu/talker.log"));

    await define("");
    t.deepEqual(await virsh(socket, "start", "talker"), { code: 0, said: "" });
    await withinReason("the guest's words", async () => (await text(join(folder, "serial.log"))) === WORDS);
    t.is(await text(join(folder, "serial.txt")), WORDS);
    t.regex(await log(), /starting up libvirt version: 9\.0\.0[\s\S]*-name guest=talker/);

    logd.signal("SIGUSR1");
    await virsh(socket, "reset", "talker");
    await withinReason("its words again", async () => (await text(join(folder, "serial.log"))) === WORDS.repeat(2));
    logd.signal("SIGKILL");
    await logd.stop();
    logd = await startOn(host, "polyvisor-logd");
    await virsh(socket, "reset", "talker");
    await withinReason("and again", async () => (await text(join(folder, "serial.log"))) === WORDS.repeat(3));
    t.deepEqual(await virsh(socket, "destroy", "talker"), { code: 0, said: "" });
    await withinReason("its end is told", async () => /shutting down, reason=destroyed\n/.test(await log()));

    await define("<qemu:commandline><qemu:arg value='-device'/><qemu:arg value='nothing'/></qemu:commandline>");
    const { code, said } = await virsh(socket, "start", "talker");
    t.is(code, 1);
    // Which of the two it says is chance; what QEMU said is ours.
    t.regex(
      said.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z /g, "").trim(),
      /error: internal error: (process exited while connecting to|qemu unexpectedly closed the) monitor: qemu-system-x86_64: -device nothing: 'nothing' is not a valid device model name$/,
    );
  },
);
