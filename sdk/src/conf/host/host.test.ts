import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import { formatCapabilities } from "../capabilities.js";
import { nodeInfo, readHostFacts, readHostShape } from "./index.js";

/** A made-up /proc and /sys: two sockets of two cores of two threads, in two nodes. */
function fakeHost(online = "0-7"): { readonly root: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), "polyvisor-host-"));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write("proc/cpuinfo", "processor\t: 0\ncpu MHz\t\t: 2294.608\n");
  write("proc/meminfo", "MemTotal:        8192000 kB\nMemFree:  100 kB\n");
  const system = "sys/devices/system";
  write(`${system}/cpu/present`, "0-7\n");
  write(`${system}/cpu/online`, `${online}\n`);
  for (let cpu = 0; cpu < 8; cpu++) {
    const core = Math.floor(cpu / 2);
    write(`${system}/cpu/cpu${cpu}/topology/physical_package_id`, `${Math.floor(cpu / 4)}\n`);
    write(`${system}/cpu/cpu${cpu}/topology/core_id`, `${core}\n`);
    write(`${system}/cpu/cpu${cpu}/topology/thread_siblings_list`, `${core * 2}-${core * 2 + 1}\n`);
  }
  for (const node of [0, 1]) {
    write(`${system}/node/node${node}/cpulist`, node === 0 ? "0-3\n" : "4-7\n");
    write(`${system}/node/node${node}/meminfo`, `Node ${node} MemTotal:  4096000 kB\n`);
    write(`${system}/node/node${node}/distance`, node === 0 ? "10 21\n" : "21 10\n");
    write(`${system}/node/node${node}/hugepages/hugepages-2048kB/nr_hugepages`, "3\n");
  }
  return { root, remove: () => rmSync(root, { recursive: true }) };
}

function read(root: string): ReturnType<typeof readHostFacts> {
  return readHostFacts({ proc: `${root}/proc`, sys: `${root}/sys`, arch: "x86_64" });
}

test("node info counts nodes, sockets of a node, cores of a socket and threads", (t) => {
  const host = fakeHost();
  t.teardown(() => host.remove());
  t.deepEqual(nodeInfo(read(host.root)), {
    model: "x86_64",
    memory: 8192000,
    cpus: 8,
    mhz: 2294,
    nodes: 2,
    sockets: 1,
    cores: 2,
    threads: 2,
  });
});

test("when CPUs are offline and the product is wrong, one socket with all CPUs is reported", (t) => {
  const host = fakeHost("0-2,4-7");
  t.teardown(() => host.remove());
  const facts = read(host.root);
  t.like(nodeInfo(facts), { cpus: 7, nodes: 2, sockets: 1, cores: 2, threads: 2 });
  const uneven = { ...facts, nodes: facts.nodes.map((node) => ({ ...node, cpus: node.cpus.slice(node.id) })) };
  t.like(nodeInfo(uneven), { cpus: 6, nodes: 1, sockets: 1, cores: 7, threads: 1 });
});

test("this host is as the kernel tells", (t) => {
  const info = nodeInfo(readHostShape());
  t.is(info.nodes * info.sockets * info.cores * info.threads, info.cpus);
  t.is(info.memory, Math.floor(totalmem() / 1024));
});

test("the capabilities document has libvirt's layout", (t) => {
  const host = fakeHost();
  t.teardown(() => host.remove());
  const { nodes } = read(host.root);
  const [first] = nodes;
  const xml = formatCapabilities({
    host: {
      arch: "x86_64",
      pageSizes: [4],
      powerManagement: [],
      iommu: false,
      migration: { live: true, uriTransports: ["tcp"] },
      topology: first === undefined ? [] : [{ ...first, cpus: first.cpus.slice(0, 1) }],
      securityModels: [{ model: "none", doi: "0", baselabels: [] }],
    },
    guests: [
      {
        osType: "hvm",
        arch: "x86_64",
        wordsize: 64,
        emulator: "/usr/bin/qemu-system-x86_64",
        machines: [
          { name: "pc-i440fx-7.2", maxCpus: 255 },
          { name: "pc", canonical: "pc-i440fx-7.2", maxCpus: 255 },
        ],
        domains: [{ type: "qemu" }, { type: "kvm" }],
        features: [{ name: "acpi", default: "on", toggle: "yes" }, { name: "cpuselection" }],
      },
    ],
  });
  t.is(
    xml,
    `<capabilities>

  <host>
    <cpu>
      <arch>x86_64</arch>
      <pages unit='KiB' size='4'/>
    </cpu>
    <power_management/>
    <iommu support='no'/>
    <migration_features>
      <live/>
      <uri_transports>
        <uri_transport>tcp</uri_transport>
      </uri_transports>
    </migration_features>
    <topology>
      <cells num='1'>
        <cell id='0'>
          <memory unit='KiB'>4096000</memory>
          <pages unit='KiB' size='4'>1022464</pages>
          <pages unit='KiB' size='2048'>3</pages>
          <distances>
            <sibling id='0' value='10'/>
            <sibling id='1' value='21'/>
          </distances>
          <cpus num='1'>
            <cpu id='0' socket_id='0' die_id='0' core_id='0' siblings='0-1'/>
          </cpus>
        </cell>
      </cells>
    </topology>
    <secmodel>
      <model>none</model>
      <doi>0</doi>
    </secmodel>
  </host>

  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <wordsize>64</wordsize>
      <emulator>/usr/bin/qemu-system-x86_64</emulator>
      <machine maxCpus='255'>pc-i440fx-7.2</machine>
      <machine canonical='pc-i440fx-7.2' maxCpus='255'>pc</machine>
      <domain type='qemu'/>
      <domain type='kvm'/>
    </arch>
    <features>
      <acpi default='on' toggle='yes'/>
      <cpuselection/>
    </features>
  </guest>

</capabilities>
`,
  );
});
