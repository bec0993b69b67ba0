import { once } from "node:events";
import { open as openFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Connection, createHost, Descriptor, FD_ASSOCIATE_FLAG, OPEN_GRAPHICS_FLAG } from "@polyvisor/core";
import { duplicate, socketPair, streamOnDescriptor } from "@polyvisor/sdk/process";
import {
  EMULATOR,
  freePort,
  hasEmulator,
  hasLibvirtd,
  type PrivateLibvirtd,
  startLibvirtd,
} from "@polyvisor/sdk/testkit";
import test from "ava";

const present = (await hasLibvirtd()) && (await hasEmulator());
const real = present ? test.serial : test.skip;
if (!present) test.skip("no libvirtd or no QEMU is installed, so no descriptors are passed", () => {});

let daemon: PrivateLibvirtd;
let port = 0;
const host = await createHost({ plugins: [fileURLToPath(new URL("..", import.meta.url))] });

test.before(async () => {
  if (!present) return;
  port = await freePort();
  const tcp = `listen_tls = 0\nlisten_tcp = 1\ntcp_port = "${port}"\nlisten_addr = "127.0.0.1"\nauth_tcp = "none"`;
  daemon = await startLibvirtd(tcp, { args: ["--listen"] });
});
test.after.always(async () => {
  await host.close();
  await daemon?.stop();
});

const GUEST = `<domain type='qemu'><name>g</name><memory>65536</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><emulator>${EMULATOR}</emulator><controller type='usb' model='none'/><memballoon model='none'/>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/>
      <source file='/no/such/image' fdgroup='opened'/><target dev='vda' bus='virtio'/></disk>
    <graphics type='vnc'><listen type='none'/></graphics></devices></domain>`;

/** What a screen says first. */
async function greeting(socket: Descriptor): Promise<string> {
  const stream = streamOnDescriptor(socket.take());
  const [chunk] = (await once(stream, "data")) as [Buffer];
  stream.destroy();
  return chunk.toString();
}

/** Defines the guest and gives its disk a file. */
async function guestWithFile({ api }: Connection) {
  const dom = await api.domainDefineXML({ xml: GUEST });
  const file = await openFile(join(daemon.folder, "image"), "w+");
  await file.truncate(1 << 20);
  const descriptors = [duplicate(file.fd)];
  await file.close();
  const flags = FD_ASSOCIATE_FLAG.SECLABEL_WRITABLE;
  await api.domainFDAssociate({ dom, name: "opened", flags, descriptors });
  return dom;
}

real("a real libvirtd takes descriptors and gives some", async (t) => {
  const connection = await host.open(`qemu+unix:///session?socket=${daemon.socket}`);
  t.teardown(() => connection.close());
  const { api } = connection;
  const dom = await guestWithFile(connection);
  await api.domainCreate({ dom });
  t.teardown(() => api.domainDestroy({ dom }));
  const flags = OPEN_GRAPHICS_FLAG.SKIPAUTH;
  for (let round = 0; round < 3; round++) {
    const [given, state] = await Promise.all([
      api.domainOpenGraphicsFD({ dom, idx: 0, flags }),
      api.domainGetState({ dom, flags: 0 }),
    ]);
    t.is(state.state, 1);
    t.is(await greeting(given), "RFB 003.008\n");
    const [near, far] = socketPair();
    await api.domainOpenGraphics({ dom, idx: 0, flags, descriptors: [far] });
    t.is(await greeting(near), "RFB 003.008\n");
  }
  await t.throwsAsync(api.domainOpenGraphicsFD({ dom, idx: 9, flags }), {
    message: /No graphics backend with index 9/,
  });
  const many = Array.from({ length: 33 }, () => socketPair()[0]);
  await t.throwsAsync(api.domainFDAssociate({ dom, name: "many", flags: 0, descriptors: many }), { message: /33/ });
  t.is((await api.domainGetState({ dom, flags: 0 })).state, 1);
});

real("over a network descriptors are refused, and the connection goes on", async (t) => {
  const connection = await host.open(`qemu+tcp://127.0.0.1:${port}/session`);
  t.teardown(() => connection.close());
  const { api } = connection;
  const dom = await api.domainDefineXML({ xml: GUEST.replace("<name>g<", "<name>far<") });
  const [near, far] = socketPair();
  const said = { code: "ARGUMENT_UNSUPPORTED", message: "fd passing is not supported by this connection" };
  const refused = [
    api.domainOpenGraphicsFD({ dom, idx: 0, flags: 0 }),
    api.domainOpenGraphics({ dom, idx: 0, flags: 0, descriptors: [far] }),
    api.domainFDAssociate({ dom, name: "opened", flags: 0, descriptors: [new Descriptor(near.take())] }),
  ];
  for (const call of refused) t.like(await t.throwsAsync(call), { code: said.code, detail: said.message });
  t.is((await api.domainLookupByName({ name: "far" })).name, "far");
});
