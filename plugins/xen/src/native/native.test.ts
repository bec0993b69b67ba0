import { VirtError } from "@polyvisor/core";
import test from "ava";
import { CONTEXT, readGuest } from "../testing/context.js";
import { convertFromNative, convertToNative } from "./index.js";

const FULL = 'name = "x"\nbuilder = "hvm"\n';
const PARA = 'name = "x"\n';
const MAC = "mac=00:16:3e:00:00:01";

test("what is wrong with a configuration is said in libvirt's words, with a hint", (t) => {
  for (const [text, code, words] of [
    ["memory = 3", "INTERNAL_ERROR", "config value name was missing"],
    ["name = 1", "INTERNAL_ERROR", "memory conf: expected a string for 'name' parameter"],
    ["name =", "CONF_SYNTAX", "memory conf:1: expecting a value"],
    [`${PARA}uuid = "zz"`, "CONF_SYNTAX", "zz not parseable"],
    [`${PARA}type = "vm"`, "CONFIG_UNSUPPORTED", "type vm is not supported"],
    [`${PARA}memory = "1x"`, "INTERNAL_ERROR", "config value memory was malformed"],
    [`${PARA}on_crash = "cry"`, "INTERNAL_ERROR", "unexpected value cry for on_crash"],
    [`${PARA}cpus = "a"`, "INVALID_ARG", "Failed to parse bitmap 'a'"],
    [`${PARA}passthrough = "maybe"`, "CONF_SYNTAX", "Invalid passthrough mode maybe"],
    [`${PARA}vfb = [ "type=vnc,vncdisplay=x" ]`, "INTERNAL_ERROR", "invalid vncdisplay value 'x'"],
    [`${FULL}vif = [ "mac=1" ]`, "INTERNAL_ERROR", "malformed mac address '1'"],
    [`${FULL}vif = [ "${MAC},rate=10" ]`, "INTERNAL_ERROR", "Invalid rate '10' specified"],
    [`${FULL}vif = [ "${MAC},ip=zz" ]`, "SYSTEM_ERROR", "Cannot parse socket address 'zz': Name or service not known"],
    [`${FULL}pci = [ "00:1b" ]`, "INTERNAL_ERROR", "Malformed PCI address 1b"],
    [`${FULL}pci = [ "00:1b.0,permissive" ]`, "INTERNAL_ERROR", "Malformed PCI options permissive"],
    [`${FULL}serial = "tcp:x"`, "INTERNAL_ERROR", "malformed char device string"],
    [`${FULL}serial = "tape:x"`, "INTERNAL_ERROR", "unknown chr device type 'tape'"],
    [`${FULL}soundhw = "drum"`, "CONFIG_UNSUPPORTED", "unsupported audio model drum"],
    [`${FULL}spice = 1`, "INTERNAL_ERROR", "config value spicepasswd was missing"],
    [`${FULL}usbdevice = [ 1 ]`, "INTERNAL_ERROR", "config value usbdevice was malformed"],
    [
      `${FULL}cpuid = "0x1:eax=1"`,
      "CONF_SYNTAX",
      "cpuid starting with 0x1:eax=1 is not supported, only libxl format is",
    ],
    [`${FULL}cpuid = "host,tm"`, "CONF_SYNTAX", "Invalid libxl cpuid key=value element: tm"],
    [`${FULL}cpuid = "host,tm=5"`, "CONF_SYNTAX", "Invalid libxl cpuid value: tm=5"],
    [`${FULL}cpuid = "host,tm=0,tm=1"`, "INTERNAL_ERROR", "CPU feature 'tm' specified more than once"],
    [`${FULL}vnuma = [ [ "pnode=5" ] ]`, "CONFIG_UNSUPPORTED", "vnuma vnode 0 contains invalid pnode value '5'"],
    [`${FULL}vnuma = [ [ "pnode=0" ] ]`, "CONF_SYNTAX", "Incomplete vnuma configuration for vnode 0"],
    [`${FULL}vnuma = [ [ "drum=0" ] ]`, "CONF_SYNTAX", "Invalid vnuma configuration for vnode 0"],
    [`${FULL}vnuma = [ [ "pnode" ] ]`, "INTERNAL_ERROR", "vnuma vnode invalid format 'pnode'"],
    [
      `${FULL}vnuma = [ [ "pnode=0", "size=1", "vcpus=0-3" ] ]`,
      "CONFIG_UNSUPPORTED",
      "vnuma configuration contains 4 vcpus, which is greater than 1 maxvcpus",
    ],
    [`${FULL}disk = [ "/a,tape,hda" ]`, "CONF_SYNTAX", "unknown value for format: near `tape'"],
    [`${FULL}disk = [ "/a,raw,hda,w,w" ]`, "CONF_SYNTAX", "too many positional parameters"],
    [`${FULL}disk = [ "target=/a" ]`, "CONF_SYNTAX", "no vdev specified"],
    [`${FULL}disk = [ "vdev=hda" ]`, "CONF_SYNTAX", "no target specified"],
    [`${FULL}disk = [ "vdev=hda,tape=1,target=/a" ]`, "CONF_SYNTAX", "unknown parameter: near `tape=1'"],
    [`${FULL}disk = [ "tape:/a,hda,w" ]`, "CONF_SYNTAX", "unknown deprecated disk prefix"],
    [`${FULL}disk = [ "format=raw,format=qed,vdev=hda" ]`, "CONF_SYNTAX", "format respecified"],
    [
      `${FULL}disk = [ "backendtype=standalone,vdev=hda,target=/a" ]`,
      "CONFIG_UNSUPPORTED",
      "disk backend not supported: standalone",
    ],
  ] as const) {
    const error = t.throws(() => convertFromNative("xen-xl", text, CONTEXT), { instanceOf: VirtError }, text);
    t.is(error.code, code, text);
    t.true(error.detail?.includes(words), `${text}: ${error.detail}`);
  }
});

test("xm has one serial port, and takes its disks from a list alone", (t) => {
  const words = "Multiple serial devices are not supported by xen-xm";
  const serials = `${FULL}kernel = "/k"\nserial = [ "pty" ]`;
  t.is(t.throws(() => convertFromNative("xen-xm", serials, CONTEXT), { instanceOf: VirtError }).detail, words);
  t.throws(() => convertFromNative("xen-xm", `${PARA}disk = "a"`, CONTEXT), { message: /expected a string list/ });
  t.throws(() => convertFromNative("xen-xm", FULL, CONTEXT), { message: /config value kernel was missing/ });
  // what is no disk of xm's does not count
  const disks = 'disk = [ "nonsense", "tap:tape:/a,hda,w", "tap:aio:/b,xvdb:disk,ro" ]';
  const domain = convertFromNative("xen-xm", `${PARA}${disks}`, CONTEXT);
  t.deepEqual(
    domain.devices.disks.map(({ source, target, readonly }) => [source, target.dev, readonly]),
    [[{ type: "file", path: "/b" }, "xvdb", true]],
  );
});

test("other formats are refused", (t) => {
  for (const [format, code, words] of [
    ["xen-sxpr", "OPERATION_UNSUPPORTED", "conversion from 'xen-sxpr' format is no longer supported"],
    ["vmware-vmx", "INVALID_ARG", "unsupported config type vmware-vmx"],
  ] as const) {
    const error = t.throws(() => convertFromNative(format, "", CONTEXT), { instanceOf: VirtError });
    t.deepEqual([error.code, error.detail], [code, words]);
  }
});

test("what a native configuration cannot say is refused", (t) => {
  const guest = (type: string, devices: string, rest = ""): string =>
    `<domain type='xen'><name>x</name><memory>65536</memory><os><type>${type}</type></os>${rest}
     <devices>${devices}</devices></domain>`;
  const disk = (inside: string): string => `<disk type='file'><source file='/a'/><target dev='hda'/>${inside}</disk>`;
  const nbd = "<disk type='network'><source protocol='nbd'><host name='h'/></source><target dev='hda'/></disk>";
  const channel = "<channel type='file'><source path='/p'/><target type='xen' name='b'/></channel>";
  for (const [type, devices, rest, words] of [
    ["hvm", disk("<transient/>"), "", "transient disks not supported yet"],
    ["hvm", nbd, "", "Unsupported network block protocol 'nbd'"],
    ["hvm", "<interface type='user'/>", "", "Unsupported net type 'user'"],
    ["hvm", "<interface type='network'><source network='n'/></interface>", "", "n"],
    ["hvm", "<serial type='dbus'><source channel='c'/></serial>", "", "unsupported chr device type 'dbus'"],
    ["hvm", "<controller type='usb' model='ehci'/>", "", "unsupported usb model"],
    ["hvm", channel, "", "channel source type not supported"],
    ["hvm", "", "<clock offset='timezone' timezone='UTC'/>", "unsupported clock offset='timezone'"],
    ["hvm", "", "<clock offset='utc' adjustment='reset'/>", "unsupported clock adjustment='reset'"],
    ["linux", "", "<clock offset='variable' adjustment='1'/>", "unsupported clock offset='variable'"],
    ["linux", "", "<clock><timer name='hpet'/></clock>", "unsupported timer type (name) 'hpet'"],
  ] as const) {
    const domain = readGuest(guest(type, devices, rest));
    t.is(t.throws(() => convertToNative("xen-xl", domain), { instanceOf: VirtError }).detail, words);
  }
});

test("a network's bridge is the host's to say", (t) => {
  const domain = readGuest(`<domain type='xen'><name>x</name><memory>65536</memory><os><type>linux</type></os><devices>
    <interface type='network'><mac address='00:16:3e:00:00:01'/><source network='n'/></interface></devices></domain>`);
  t.true(
    convertToNative("xen-xl", domain, { bridgeOf: () => "virbr7" }).includes(
      'vif = [ "mac=00:16:3e:00:00:01,bridge=virbr7,script=vif-bridge" ]',
    ),
  );
  const idle = t.throws(() => convertToNative("xen-xl", domain, { bridgeOf: () => undefined }));
  t.regex(idle?.message ?? "", /network n is not active/);
});
