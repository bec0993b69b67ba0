import test from "ava";
import { type DomainHooks, formatDomain, parseDomain } from "./index.js";

// what libvirt loses or changes when it reads what it printed, and we keep

const HOOKS: DomainHooks = { defaultArch: "x86_64" };

function guest(devices: string): string {
  return `<domain type='test'><name>g</name><uuid>6f0b2d3c-0000-4000-8000-000000000001</uuid><memory>1024</memory>
<os><type>hvm</type></os><devices>${devices}</devices></domain>`;
}

const LABEL = "<seclabel model='selinux' relabel='no'/>";
const hostdev = (address: string): string =>
  `<hostdev mode='subsystem' type='pci' managed='no'><source><address ${address}/></source></hostdev>`;

/** Devices, and what is printed of them. */
const KEPT: readonly (readonly [devices: string, printed: string])[] = [
  ["<shmem name='s'><size>512</size></shmem>", "<size unit='bytes'>512</size>"],
  ["<shmem name='s'><size unit='KiB'>1025</size></shmem>", "<size unit='bytes'>1049600</size>"],
  ["<shmem name='s'><size unit='KiB'>2048</size></shmem>", "<size unit='M'>2</size>"],
  [hostdev("domain='0' bus='0' slot='0' function='32'"), "function='0x20'"],
  [hostdev("domain='0' bus='0x1f' slot='0x0a' function='0x7'"), "bus='0x1f' slot='0x0a' function='0x7'"],
  [
    "<interface type='user'><backend type='passt'/><portForward proto='tcp'><range to='2022'/></portForward></interface>",
    "<range to='2022'/>",
  ],
  [
    "<filesystem><driver wrpolicy='immediate'/><source dir='/a'/><target dir='b'/></filesystem>",
    "<driver wrpolicy='immediate'/>",
  ],
  [`<serial type='pty'><source>${LABEL}</source></serial>`, LABEL],
  [`<serial type='file'><source path='/a'>${LABEL}</source></serial>`, LABEL],
  [`<serial type='unix'><source mode='bind' path='/a'>${LABEL}</source></serial>`, LABEL],
  [`<serial type='tcp'><source mode='bind' host='h' service='1'>${LABEL}</source></serial>`, LABEL],
  [
    `<serial type='udp'><source mode='connect' host='h' service='1'>${LABEL}</source><source mode='bind' service='2'/></serial>`,
    LABEL,
  ],
  [`<serial type='nmdm'><source master='/m' slave='/s'>${LABEL}</source></serial>`, LABEL],
  [`<channel type='spiceport'><source channel='c'>${LABEL}</source><target type='virtio'/></channel>`, LABEL],
  [`<serial type='null'><source>${LABEL}</source></serial>`, LABEL],
];

for (const [devices, printed] of KEPT) {
  test(`comes back as it was: ${devices}`, (t) => {
    const first = formatDomain(parseDomain(guest(devices), { hooks: HOOKS }), { inactive: true });
    t.true(first.includes(printed), first);
    t.is(formatDomain(parseDomain(first, { hooks: HOOKS }), { inactive: true }), first);
  });
}
