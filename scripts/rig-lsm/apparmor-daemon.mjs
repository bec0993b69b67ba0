// Runs in the guest of scripts/rig-lsm.mjs, which has control groups of version 2 alone: polyvisord with what it takes by itself,
// AppArmor and owners, and a guest of QEMU that virsh starts.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { check, expect, sum } from "./checks.mjs";

const IMAGES = "/srv/guests";
const SOCKET = "/run/libvirt/libvirt-sock";
const PROFILES = "/sys/kernel/security/apparmor/profiles";
const LOG = "/tmp/polyvisord.log";
const UUID = "c7a5fdbd-edaf-9455-926a-d65c16db1809";
const LABEL = `libvirt-${UUID}`;
const GROUPS = "/sys/fs/cgroup";
/** A disk that the client opens: the guest's document has no path that leads there. */
const PASSED = "passed.img";

const XML = `<domain type='qemu'><name>confined</name><uuid>${UUID}</uuid><memory unit='MiB'>32</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${IMAGES}/own.img'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/nowhere' fdgroup='mine'/><target dev='vdc' bus='virtio'/></disk>
<serial type='file'><source path='/srv/guests/console.log'/></serial>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<graphics type='vnc' autoport='yes' listen='127.0.0.1'/><video><model type='vga'/></video>
</devices></domain>`;

function virsh(words, passed = []) {
  const { status, stdout, stderr } = spawnSync("virsh", ["-c", `qemu+unix:///system?socket=${SOCKET}`, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe", ...passed],
  });
  return { status, stdout, stderr };
}

function done(...words) {
  const { status, stdout, stderr } = virsh(words);
  if (status !== 0) throw new Error(`virsh ${words.join(" ")}: ${stderr}`);
  return stdout;
}

function monitor(execute, words) {
  const command = JSON.stringify({ execute, arguments: words });
  return JSON.parse(done("qemu-monitor-command", "confined", command));
}

const open = (filename, name) => monitor("blockdev-add", { driver: "file", "node-name": name, filename });

mkdirSync(IMAGES, { recursive: true });
for (const name of ["own", "others", "plugged", "passed"])
  writeFileSync(`${IMAGES}/${name}.img`, Buffer.alloc(1 << 20));
writeFileSync(`${IMAGES}/console.log`, "");
mkdirSync("/etc/libvirt", { recursive: true });
writeFileSync("/tmp/guest.xml", XML);

const log = openSync(LOG, "a");
const words = ["/polyvisor/daemon/bin/polyvisord.js", "--root", "/"];
const daemon = spawn("node", words, { stdio: ["ignore", log, log] });
for (let tries = 0; !existsSync(SOCKET) && tries < 1200; tries++) await delay(100);

await check("a guest starts under its profile, as an unprivileged user", async () => {
  done("define", "/tmp/guest.xml");
  const passed = openSync(`${IMAGES}/${PASSED}`, "r+");
  const { status, stderr } = virsh(
    ["dom-fd-associate confined --name mine --pass-fds 3 --seclabel-writable; start confined"],
    [passed],
  );
  closeSync(passed);
  expect([status, stderr.trim()], [0, ""]);
  expect(/Security model:\s+apparmor\n/.test(done("dominfo", "confined")), true);
  expect(/Security label:\s+(.*)\n/.exec(done("dominfo", "confined"))?.[1], `${LABEL} (enforcing)`);
  expect(readFileSync(PROFILES, "utf8").includes(`${LABEL} (enforce)`), true);
  const { uid } = statSync(`${IMAGES}/own.img`);
  expect(uid !== 0, true);
});

await check("its emulator opens nothing but what is its own", async () => {
  const { error } = open(`${IMAGES}/others.img`, "others");
  expect(/Permission denied/.test(error?.desc), true);

  const { error: read } = monitor("blockdev-add", {
    driver: "file",
    "node-name": "r",
    filename: "/srv/guests/others.img",
    "read-only": true,
  });
  expect(/Permission denied/.test(read?.desc), true);
});

await check("it writes to the file that its client has opened", async () => {
  const disk = "/machine/peripheral/virtio-disk2/virtio-backend";
  done("qemu-monitor-command", "confined", "--hmp", `qemu-io -d ${disk} "write -P 7 0 4096"`);
  expect(readFileSync(`${IMAGES}/${PASSED}`)[0], 7);
  expect(statSync(`${IMAGES}/${PASSED}`).uid, 0);
});

await check("its group of version 2 limits it, and leaves it no device but its own", async () => {
  const pid = readFileSync("/run/libvirt/qemu/confined.pid", "utf8").trim();
  const [, group] = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8")) ?? [];
  expect(/^\/machine\/qemu-1-confined.*\.libvirt-qemu\/emulator$/.test(group), true);
  const top = `${GROUPS}${group.replace(/\/emulator$/, "")}`;
  done("memtune", "confined", "--hard-limit", "1048576");
  expect(readFileSync(`${top}/memory.max`, "utf8"), `${1 << 30}\n`);
  done("schedinfo", "confined", "--set", "cpu_shares=200");
  expect(readFileSync(`${top}/cpu.weight`, "utf8"), "200\n");
  const attempt = (device) =>
    spawnSync("/bin/sh", [
      "-c",
      'echo $$ > "$1/cgroup.procs" && exec head -c 1 "$2"',
      "sh",
      `${GROUPS}${group}`,
      device,
    ]);
  expect(attempt("/dev/zero").status, 0);
  const refused = attempt("/dev/vda");
  expect([refused.status, /Operation not permitted/.test(refused.stderr)], [1, true]);
  expect(spawnSync("head", ["-c", "1", "/dev/vda"]).status, 0);
});

await check("a disk is plugged in", async () => {
  done("attach-disk", "confined", `${IMAGES}/plugged.img`, "vdb", "--targetbus", "virtio");
  expect(done("domblklist", "confined").includes("plugged.img"), true);
});

await check("nothing was denied that the guest needs", async () => {
  const { stdout } = spawnSync("dmesg", { encoding: "utf8" });
  const denied = stdout.split("\n").filter((line) => line.includes("DENIED") && line.includes(LABEL));
  const needed = denied.filter((line) => !line.includes("/srv/guests/others.img"));
  expect(needed, []);
});

await check("once it is off its profile is gone, and its disk is root's again", async () => {
  done("destroy", "confined");
  expect(readFileSync(PROFILES, "utf8").includes(LABEL), false);
  expect(existsSync(`/etc/apparmor.d/libvirt/${LABEL}`), false);
  expect(statSync(`${IMAGES}/own.img`).uid, 0);
  expect(existsSync(`${GROUPS}/machine/qemu-1-confined.libvirt-qemu`), false);
});

daemon.kill();
if (!sum()) console.log(readFileSync(LOG, "utf8"));
