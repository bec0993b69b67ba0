import { VirtError } from "@polyvisor/core";
import { parseDomain } from "@polyvisor/sdk/conf/domain";
import test from "ava";
import type { QemuCapabilities } from "../capabilities/index.js";
import { assignAliases, qemuHooks } from "../conf/index.js";
import { guest } from "../testing/guests.js";
import { alignMemory, buildCommandLine, numberImages } from "./index.js";

// What a command line cannot say yet is refused with words that name it: a guest never starts with less than it asked for.

const machine = { maxCpus: 255, hotplugCpus: true, numaMemSupported: false, deprecated: false, defaultRamId: "pc.ram" };
const accel = {
  machines: [
    { ...machine, name: "pc" },
    { ...machine, name: "q35" },
  ],
  cpus: [],
};
const CAPS: QemuCapabilities = {
  emulator: "/usr/bin/qemu-system-x86_64",
  version: 7_002_000,
  package: "",
  arch: "x86_64",
  flags: [
    "tcg",
    "device.json+hotplug",
    "object.qapified",
    "netdev.json",
    "piix3-usb-uhci",
    "qemu-xhci",
    "pcie-root-port",
    "cirrus-vga",
    "nbd-tls",
    "virtio-pci-non-transitional",
    "tpm-emulator",
    "tpm-tis",
    "vhost-vsock",
    "chardev-reconnect",
  ],
  tcg: accel,
  kvm: accel,
};

const UUID = "0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f";
const disk = (source: string, inside = "") =>
  guest(
    "pc",
    `<disk type='file' device='disk'><source file='/i'>${source}</source><target dev='vda'/>${inside}</disk>`,
  );
const nbd = (attributes: string, inside = "") =>
  guest(
    "pc",
    `<disk type='network' device='disk'><source protocol='nbd' name='x'${attributes}><host name='h' port='1'/>${inside}</source><target dev='vda'/></disk>`,
  );

const REFUSED: Readonly<Record<string, string>> = {
  "a secret of libvirt's": disk(
    `<encryption format='luks'><secret type='passphrase' uuid='${UUID}'/></encryption>`,
  ).replace("<source", "<driver type='qcow2'/><source"),
  "TLS of nbd disks": nbd(" tls='yes'"),
  "an automatic choice of firmware": guest("q35", "", "<features><acpi/></features>").replace(
    "<os>",
    "<os firmware='efi'>",
  ),
  "TLS of a character device": guest(
    "pc",
    "<serial type='tcp'><source mode='connect' host='h' service='1' tls='yes'/><protocol type='raw'/></serial>",
  ),
  "an emulated TPM": guest("pc", "<tpm model='tpm-tis'><backend type='emulator' version='2.0'/></tpm>"),
  "a vsock device": guest("q35", "<vsock model='virtio'><cid auto='yes'/></vsock>"),
};

for (const [what, xml] of Object.entries(REFUSED)) {
  test(`refused by name: ${what}`, (t) => {
    const error = t.throws(() => start(xml), { instanceOf: VirtError });
    t.is(error?.code, "CONFIG_UNSUPPORTED");
    t.is(error?.message, `unsupported configuration: ${what} is not supported yet`);
  });
}

test("a guest without any of that starts", (t) => {
  t.is(start(guest("q35")).argv[0], CAPS.emulator);
});

function start(xml: string) {
  const config = numberImages(
    alignMemory(assignAliases(parseDomain(xml, { hooks: qemuHooks(CAPS), abiUpdate: true }))),
  );
  return buildCommandLine(config, CAPS, {
    libDir: "/l",
    privileged: true,
    environment: {},
    monitor: { fd: 3 },
    now: 0,
  });
}
