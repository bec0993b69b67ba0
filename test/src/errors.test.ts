import { runCommand } from "./harness/command.js";
import { guestImage } from "./harness/guest-image.js";
import { bootableXml, idleXml } from "./harness/guest-xml.js";
import { hypervisor, program, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { Virsh } from "./harness/virsh.js";
import { withPeer } from "./harness/with-peer.js";

const VIRSH = [await program("virsh")];
const NEEDS = await hypervisor();
const IMAGE = await guestImage();
/** The real libvirtd is laxer: it reads a DOCTYPE, drops elements that it does not know, and may not hear why an emulator ends. */
const STRICTER = process.env.POLYVISOR_TEST_PEER === undefined;

const UUID = "6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f21";
const GOOD = idleXml("good", "qemu", UUID);
const xml = (change: (text: string) => string) =>
  change(GOOD.replace("<name>good", "<name>bad").replace(UUID, UUID.replace("21", "22")));
const device = (text: string) => xml((good) => good.replace("</devices>", `${text}</devices>`));
const replacing = (from: string | RegExp, to: string) => xml((good) => good.replace(from, to));
const disk = (source: string) => `<disk type='file'>${source}<target dev='vda' bus='virtio'/></disk>`;

/** Configurations that a define refuses, with the words that tell why. */
const REFUSED: readonly (readonly [title: string, xml: string, says: RegExp])[] = [
  ["no XML at all", "domain", /\(domain_definition\):1: /],
  ["XML that ends early", GOOD.slice(0, -20), /\(domain_definition\):\d+: /],
  [
    "another document",
    "<network><name>bad</name></network>",
    /XML error: expecting root element of 'domain', not 'network'/,
  ],
  ["no name", replacing("<name>bad</name>", ""), /missing name information/],
  ["a name that is a path", replacing("<name>bad", "<name>../bad"), /XML error: name \.\.\/bad cannot contain '\/'/],
  ["no memory", replacing(/<memory.*memory>/, ""), /XML error: Memory size must be specified via <memory>/],
  ["a uuid that is none", replacing(/<uuid>.*<\/uuid>/, "<uuid>me</uuid>"), /malformed uuid element/],
  ["a count that is none", replacing("<vcpu>1", "<vcpu>many"), /XML error: maximum vcpus count must be an integer/],
  [
    "an unknown kind of domain",
    replacing("type='qemu'", "type='flux'"),
    /unsupported configuration: invalid domain type flux/,
  ],
  ["an unknown architecture", replacing("x86_64", "vax"), /unsupported configuration: Unknown architecture vax/],
  ["an architecture of another emulator", replacing("x86_64", "s390x"), /Emulator '.*' does not support arch 's390x'/],
  ["an unknown machine", replacing("'q35'", "'pdp11'"), /Emulator '.*' does not support machine type 'pdp11'/],
  [
    "a missing emulator",
    replacing(/<emulator>.*<\/emulator>/, "<emulator>/nonexistent/qemu</emulator>"),
    /Cannot check QEMU binary \/nonexistent\/qemu: No such file or directory/,
  ],
  [
    "an emulator that is none",
    replacing(/<emulator>.*<\/emulator>/, "<emulator>/etc/passwd</emulator>"),
    /QEMU binary \/etc\/passwd is not executable: Permission denied/,
  ],
  ["a disk from nowhere", device(disk("")), /missing source information for device vda/],
  [
    "a MAC address that is none",
    device("<interface type='user'><mac address='zz'/></interface>"),
    /XML error: unable to parse mac address 'zz'/,
  ],
  [
    "the name of another domain",
    replacing("<name>bad", "<name>good"),
    /domain 'good' already exists with uuid 6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f21/,
  ],
  ...(STRICTER
    ? ([
        [
          "a document type",
          `<!DOCTYPE domain [<!ENTITY a "b">]>${xml((good) => good)}`,
          /Document type declarations are not allowed/,
        ],
        [
          "an unknown device",
          device("<flux capacity='1'/>"),
          /XML document failed to validate against schema: Did not expect element flux there/,
        ],
      ] as const)
    : []),
];

for (const command of ["define", "create"] as const) {
  testWith(`what ${command} refuses is told in libvirt's words, and changes nothing`, NEEDS, (t) =>
    withPeer(async (peer) => {
      const virsh = new Virsh(peer.uri("qemu"));
      await virsh.define(GOOD);
      const before = await virsh.ok("dumpxml", "good");
      for (const [title, text, says] of REFUSED) {
        const { code, stdout, stderr } = await virsh.fromXml(command, text);
        t.is(code, 1, `${title}: ${stdout}`);
        t.regex(stderr, says, title);
        t.is(await virsh.ok("list", "--all", "--name"), "good", title);
      }
      t.is(await virsh.ok("dumpxml", "good"), before);
    }),
  );
}

testWith("a start that fails says why and leaves the domain off", NEEDS, (t) =>
  withPeer(async (peer) => {
    if (IMAGE === undefined) return t.fail("no guest image");
    const virsh = new Virsh(peer.uri("qemu"));
    const missing = { kernel: "/nonexistent/vmlinuz", initrd: IMAGE.initrd };
    const cases = [
      [
        idleXml("bad", "qemu", UUID).replace("</devices>", `${disk("<source file='/nonexistent.img'/>")}</devices>`),
        /Cannot access storage file '\/nonexistent\.img'.*: No such file or directory/,
      ],
      [
        bootableXml("bad", missing, { uuid: UUID }),
        STRICTER
          ? /(could not (open|load) kernel (file )?'|unable to stat: )\/nonexistent\/vmlinuz'?: No such file or directory/
          : /error: /,
      ],
    ] as const;
    for (const [text, says] of cases) {
      await virsh.define(text);
      t.regex(await virsh.fails("start", "bad"), says);
      t.is(await virsh.ok("domstate", "bad", "--reason"), "shut off (failed)");
      t.is(await virsh.ok("list", "--name"), "");
      await virsh.ok("undefine", "bad");
    }
  }),
);

testWith("URIs that no driver opens", VIRSH, (t) =>
  withPeer(async (peer) => {
    const open = (uri: string) => new Virsh(`${uri}?socket=${peer.socket}`).fails("list");
    t.regex(await open("nosuch+unix:///system"), /error: no connection driver available for nosuch:\/\/\/system$/);
    t.regex(await open("qemu+unix:///nosuch"), /unexpected qemu URI path '\/nosuch', try qemu:\/\/\/(system|session)/i);
    t.regex(await open("test+unix:///nonexistent.xml"), /error: /);
  }),
);

testWith("the read-only socket lets look and forbids the rest", NEEDS, (t) =>
  withPolyvisord(async (daemon) => {
    const virsh = new Virsh(daemon.uri("qemu"));
    await virsh.define(GOOD);
    await virsh.ok("start", "good");
    const before = await virsh.ok("dumpxml", "good", "--security-info");
    const reader = new Virsh(daemon.uri("qemu", daemon.readOnlySocket));
    t.is(await reader.ok("domstate", "good"), "running");
    t.regex(await reader.ok("dumpxml", "good"), /<name>good<\/name>/);
    for (const [command, call] of [
      ["suspend good", "virDomainSuspend"],
      ["destroy good", "virDomainDestroy"],
      ["shutdown good", "virDomainShutdown"],
      ["reboot good", "virDomainReboot"],
      ["reset good", "virDomainReset"],
      ["undefine good", "virDomainUndefineFlags"],
      ["autostart good", "virDomainSetAutostart"],
      ["setmem good 32768", "virDomainSetMemory"],

      ["console good", "virDomainOpenConsole"],
    ] as const) {
      const { code, stderr } = await runCommand("virsh", ["-c", reader.uri, ...command.split(" ")]);
      t.is(code, 1, command);
      if (call !== "virDomainOpenConsole")
        t.regex(stderr, new RegExp(`operation forbidden: read only access prevents ${call}`));
    }
    const secrets = await reader.fails("dumpxml", "good", "--security-info");
    t.is(secrets, "error: operation forbidden: virDomainGetXMLDesc with secure flag");
    const { stderr } = await reader.fromXml("define", GOOD.replace("65536", "131072"));
    t.regex(stderr, /operation forbidden: read only access prevents virDomainDefineXML/);
    t.is(await virsh.ok("dumpxml", "good", "--security-info"), before);
    t.is(await virsh.ok("domstate", "good", "--reason"), "running (booted)");
  }),
);
