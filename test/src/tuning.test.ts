import { type ConfiningDaemon, confiningLibvirtd, confiningPolyvisord } from "./harness/confined-guests.js";
import { type Need, program, testWith } from "./harness/needs.js";

const root: Need = { name: "only root limits guests", met: process.getuid?.() === 0, kind: "kernel" };
const PROGRAMS = ["virsh", "qemu-system-x86_64", "libvirtd", "unshare", "python3"];
const NEEDS = [...(await Promise.all(PROGRAMS.map(program))), root];

const NAME = "tuned";
const XML = `<domain type='qemu'><name>${NAME}</name><memory unit='MiB'>32</memory><vcpu current='2'>3</vcpu><iothreads>1</iothreads>
  <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices/></domain>`;

/** Words of virsh behind each other, with the guest off and then running: what is asked, changed, refused, and asked again. */
const SCRIPT = `
schedinfo DOMAIN
schedinfo DOMAIN --config --set cpu_shares=300 vcpu_period=20000
schedinfo DOMAIN --config emulator_quota=5000 vcpu_quota=-1
schedinfo DOMAIN --config vcpu_period=1
schedinfo DOMAIN --config nonsense=1
schedinfo DOMAIN --live
memtune DOMAIN
memtune DOMAIN 200000 --config
memtune DOMAIN --swap-hard-limit 100000 --config
memtune DOMAIN --soft-limit 100000 --swap-hard-limit 300000 --config
memtune DOMAIN --hard-limit -1 --config
memtune DOMAIN --hard-limit -1 --swap-hard-limit -1 --config
numatune DOMAIN
numatune DOMAIN --mode strict --config
numatune DOMAIN --mode restrictive --nodeset 0 --config
numatune DOMAIN --nodeset , --config
vcpupin DOMAIN
vcpupin DOMAIN 0 0 --config
vcpupin DOMAIN 2 1 --config
vcpupin DOMAIN 3 1 --config
vcpupin DOMAIN 0 0 --live
emulatorpin DOMAIN
emulatorpin DOMAIN 0-1 --config
blkiotune DOMAIN
blkiotune DOMAIN --weight 300 --config
blkiotune DOMAIN --device-read-bytes-sec /dev/x,1000,/dev/y,2000 --config
blkiotune DOMAIN --device-read-bytes-sec /dev/x,0 --device-write-iops-sec /dev/z,5 --config
blkiotune DOMAIN --device-weights /dev/x --config
blkiotune DOMAIN --device-weights /dev/x,many --config
blkiotune DOMAIN
blkiotune DOMAIN --device-read-bytes-sec /dev/y,0 --device-write-iops-sec /dev/z,0 --config
iothreadinfo DOMAIN
iothreadpin DOMAIN 1 1 --config
iothreadpin DOMAIN 2 1 --config
start DOMAIN
schedinfo DOMAIN
schedinfo DOMAIN cpu_shares=700 vcpu_period=50000 vcpu_quota=40000
schedinfo DOMAIN global_period=60000 global_quota=90000 iothread_quota=30000
schedinfo DOMAIN vcpu_quota=0 --live
schedinfo DOMAIN vcpu_quota=17592186044416
schedinfo DOMAIN --config
memtune DOMAIN
memtune DOMAIN --hard-limit 400000
memtune DOMAIN --hard-limit 500000 --swap-hard-limit 400000
memtune DOMAIN --soft-limit 90000 --live --config
numatune DOMAIN
numatune DOMAIN --mode strict
numatune DOMAIN --nodeset 0
numatune DOMAIN --nodeset 99
vcpupin DOMAIN
vcpupin DOMAIN 1 0
vcpupin DOMAIN 1 0-1 --live --config
vcpupin DOMAIN 2 0
vcpupin DOMAIN 7 0
emulatorpin DOMAIN
emulatorpin DOMAIN 0
emulatorpin DOMAIN --config
blkiotune DOMAIN
blkiotune DOMAIN --weight 200
blkiotune DOMAIN --device-write-bytes-sec /dev/nothing,1000
blkiotune DOMAIN --device-write-bytes-sec /dev/null,1000
blkiotune DOMAIN --config
iothreadinfo DOMAIN
iothreadpin DOMAIN 1 0
iothreadpin DOMAIN 7 0
iothreadinfo DOMAIN
iothreadinfo DOMAIN --config
cpu-stats DOMAIN --start 9
destroy DOMAIN
cpu-stats DOMAIN
schedinfo DOMAIN
vcpupin DOMAIN
`;

const LINES = SCRIPT.trim().split("\n");

async function transcript({ virsh }: ConfiningDaemon): Promise<string[]> {
  await virsh.define(XML);
  const all: string[] = [];
  for (const line of LINES) {
    const { code, stdout, stderr } = await virsh.run(...line.replace("DOMAIN", NAME).split(" "));
    all.push(`$ ${line}\n${code === 0 ? stdout.trim() : stderr.trim()}`);
  }
  const figures = (await virsh.run("cpu-stats", NAME)).code;
  return [
    ...all,
    String(figures),
    (await virsh.ok("dumpxml", NAME, "--inactive"))
      .match(/<(cputune|memtune|numatune|blkiotune|iothreadids)>[\s\S]*?<\/\1>/g)
      ?.join("\n") ?? "",
  ];
}

testWith(
  "how much a guest may have of processors and memory is asked and changed as with libvirtd",
  NEEDS,
  async (t) => {
    const [theirs, ours] = await Promise.all(
      [confiningLibvirtd, confiningPolyvisord].map(async (open) => {
        const daemon = await open("");
        t.teardown(() => daemon.close());
        return transcript(daemon);
      }),
    );
    t.deepEqual(ours, theirs);
  },
);
