// Records what real clients send, through a proxy between them and the daemon.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { access, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { delimiter, isAbsolute, join } from "node:path";
import { FrameSplitter } from "@polyvisor/sdk/rpc";

const DEFINITION = `<domain type='test'><name>recorded</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type>hvm</type></os></domain>`;

const VIRSH = (xml) => [
  "list --all; dominfo test; domstate test --reason; dumpxml test; domid test; domuuid test; vcpuinfo test; domstats",
  `define ${xml}; start recorded; dumpxml recorded --inactive; suspend recorded; resume recorded; autostart recorded`,
  "setmem recorded 32768; setvcpus recorded 1; dommemstat recorded; reboot recorded; reset recorded",
  "shutdown recorded; destroy recorded; undefine recorded",
  "nodeinfo; hostname; capabilities; sysinfo; freecell; uri; version --daemon; maxvcpus",
  "event --all --timeout 1 --loop; event test lifecycle --timeout 1",
  "lookup; dominfo nobody; console test",
];

const PYTHON = `
import libvirt, sys
libvirt.virEventRegisterDefaultImpl()
libvirt.registerErrorHandler(lambda *a: None, None)
c = libvirt.open(sys.argv[1])
c.domainEventRegister(lambda *a: None, None)
c.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, lambda *a: None, None)
c.registerCloseCallback(lambda *a: None, None)
c.setKeepAlive(1, 3)
def attempt(f):
    try: f()
    except libvirt.libvirtError: pass
for d in c.listAllDomains():
    for f in (d.info, d.state, d.XMLDesc, d.maxMemory, d.isActive, d.suspend, d.resume, d.vcpus, d.autostart): attempt(f)
for f in (c.getAllDomainStats, c.getInfo, c.getCapabilities, c.listDefinedDomains, c.listDomainsID, c.numOfDomains): attempt(f)
c.close()
`;

const PERL = `
use Sys::Virt;
my $c = Sys::Virt->new(uri => $ARGV[0]);
foreach my $d ($c->list_all_domains()) { eval { $d->get_info() }; eval { $d->get_xml_description() }; eval { $d->get_state() }; eval { $d->get_max_memory() } }
eval { $c->get_node_info() }; eval { $c->get_capabilities() }; eval { $c->get_all_domain_stats(0) };
`;

/**
 * What each connection of the clients that are installed here sent, message by message.
 * @param {{ root: string, socket: string }} daemon
 * @returns {Promise<{ clients: string[], sessions: Buffer[][] }>}
 */
export async function recordSessions({ root, socket }) {
  const path = join(root, "recorded.sock");
  const sessions = [];
  const server = createServer((client) => sessions.push(relay(client, socket)));
  server.listen(path);
  await once(server, "listening");
  const uri = `test+unix:///default?socket=${path}`;
  const xml = join(root, "recorded.xml");
  await writeFile(xml, DEFINITION);
  const clients = [
    { name: "virsh", program: "virsh", runs: VIRSH(xml).map((commands) => ["-c", uri, commands]) },
    { name: "virsh -r", program: "virsh", runs: [["-r", "-c", uri, "list --all; dominfo test; dumpxml test"]] },
    { name: "python3-libvirt", program: "/usr/bin/python3", runs: [["-c", PYTHON, uri]] },
    { name: "Sys::Virt", program: "perl", runs: [["-e", PERL, uri]] },
  ];
  const present = [];
  for (const client of clients) {
    if (!(await inPath(client.program))) continue;
    const before = sessions.length;
    await Promise.all(client.runs.map((args) => run(client.program, args)));
    if (sessions.length > before) present.push(client.name);
  }
  await new Promise((resolve) => server.close(resolve));
  return { clients: present, sessions: sessions.map(messagesIn).filter((messages) => messages.length > 0) };
}

/** Passes everything on both ways; returns the list that what the client sends goes to. */
function relay(client, socket) {
  const chunks = [];
  const daemon = createConnection(socket);
  client.on("data", (chunk) => chunks.push(Buffer.from(chunk)));
  client.pipe(daemon).pipe(client);
  for (const [one, other] of [
    [client, daemon],
    [daemon, client],
  ]) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
  return chunks;
}

function messagesIn(chunks) {
  const splitter = new FrameSplitter();
  const messages = [];
  for (const chunk of chunks) {
    splitter.feed(chunk);
    while (splitter.next())
      messages.push(Buffer.from(splitter.frame.buffer.subarray(splitter.frame.start, splitter.frame.end)));
  }
  return messages;
}

/** What a client answers is of no matter here. */
function run(program, args) {
  return new Promise((resolve) => {
    const child = execFile(program, args, { timeout: 20_000 }, () => resolve());
    child.stdin.end();
  });
}

async function inPath(program) {
  const folders = isAbsolute(program) ? [""] : (process.env.PATH ?? "").split(delimiter);
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, program)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
