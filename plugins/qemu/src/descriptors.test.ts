import { once } from "node:events";
import { open as openFile } from "node:fs/promises";
import { join } from "node:path";
import { type Connection, Descriptor, type DomainHandle, FD_ASSOCIATE_FLAG, OPEN_GRAPHICS_FLAG } from "@polyvisor/core";
import { duplicate, runHelper, socketPair, streamOnDescriptor } from "@polyvisor/sdk/process";
import { EMULATOR, hasEmulator } from "@polyvisor/sdk/testkit";
import test from "ava";
import { makeRig } from "./testing/harness.js";

const withQemu = (await hasEmulator()) ? test : test.skip;

function guest(devices: string): string {
  return `<domain type='qemu'><name>g</name><memory>65536</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='q35'>hvm</type></os>
    <devices><emulator>${EMULATOR}</emulator><controller type='usb' model='none'/><memballoon model='none'/>
    ${devices}</devices></domain>`;
}

async function greeting(socket: Descriptor): Promise<string> {
  const stream = streamOnDescriptor(socket.take());
  const [chunk] = (await once(stream, "data")) as [Buffer];
  stream.destroy();
  return chunk.toString();
}

async function fileAt(path: string, flags: string): Promise<Descriptor> {
  const file = await openFile(path, flags);
  const descriptor = duplicate(file.fd);
  await file.close();
  return descriptor;
}

withQemu("a connection to a screen, made here or brought along; none of what is refused stays open", async (t) => {
  const { connection } = await makeRig(t);
  const dom = await connection.createXML(guest("<graphics type='vnc'><listen type='none'/></graphics>"));
  const { api } = connection;
  const flags = OPEN_GRAPHICS_FLAG.SKIPAUTH;
  const open = (idx: number, socket: Descriptor) => api.domainOpenGraphics({ dom, idx, flags, descriptors: [socket] });
  t.is(await greeting(await api.domainOpenGraphicsFD({ dom, idx: 0, flags })), "RFB 003.008\n");
  const [near, far] = socketPair();
  await open(0, far);
  t.is(await greeting(near), "RFB 003.008\n");
  const [end, refused] = socketPair();
  await t.throwsAsync(open(1, refused), { message: /No graphics backend with index 1/ });
  t.throws(() => refused.fd);
  await once(streamOnDescriptor(end.take()).resume(), "close");
  await t.throwsAsync(open(0, await fileAt("/dev/null", "r")), { message: /must be a socket/ });
  await t.throwsAsync(api.domainOpenGraphics({ dom, idx: 0, flags }), { message: /No FD available at slot 0/ });
  await dom.destroy();
});

/** Gives a domain an image's file under a name. */
async function associate({ api }: Connection, dom: DomainHandle, name: string, file: Descriptor): Promise<void> {
  const flags = FD_ASSOCIATE_FLAG.SECLABEL_WRITABLE;
  await api.domainFDAssociate({ dom, name, flags, descriptors: [file] });
}

const IMAGE_DISK = (file: string) => `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
  <source file='${file}' fdgroup='image'/><target dev='vda' bus='virtio'/></disk>`;

withQemu("an image that a client has opened is used with the images below it", async (t) => {
  const { connection, root, leftovers } = await makeRig(t);
  const [base, image] = [join(root, "base.img"), join(root, "image.qcow2")];
  await runHelper(["qemu-img", "create", "-f", "raw", base, "1M"], { deadline: 30_000, maxOutput: 4096 });
  const backing = ["-b", "base.img", "-F", "raw"];
  await runHelper(["qemu-img", "create", "-f", "qcow2", ...backing, image], { deadline: 30_000, maxOutput: 4096 });
  const dom = await connection.define(guest(IMAGE_DISK(image)));
  await associate(connection, dom, "image", await fileAt(image, "r+"));
  await dom.create();
  const xml = await dom.getXMLDesc();
  t.regex(xml, /<source file='[^']*image\.qcow2' fdgroup='image' index='1'\/>\s*<backingStore type='file' index='2'>/);
  t.regex(xml, new RegExp(`<source file='${base}'/>`));
  await dom.destroy();
  t.deepEqual(await leftovers(), []);
});

withQemu("a connection leaves a thousand descriptors at most, which go with it; a group may be replaced", async (t) => {
  const { connection, host } = await makeRig(t);
  const dom = await connection.define(guest(""));
  const other = await host.open("qemu:///system");
  const give = (name: string) => associate(other, dom, name, new Descriptor(duplicate(2).take()));
  for (let i = 0; i < 1100; i++) await give("same");
  for (let i = 1; i < 1024; i++) await give(`group ${i}`);
  await t.throwsAsync(give("one more"), { message: /more than 1024 file descriptors/ });
  await other.close();
  const again = await host.open("qemu:///system");
  t.teardown(() => again.close());
  await associate(again, dom, "one more", new Descriptor(duplicate(2).take()));
  await t.throwsAsync(again.api.domainFDAssociate({ dom, name: "none", flags: 0 }), { message: /must not be zero/ });
});
