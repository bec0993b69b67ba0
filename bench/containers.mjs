// What the start of a container costs: each daemon is root's, in a mount namespace of its own without version 2 of cgroups,
// where libvirt's LXC driver works beside version 1.
import { access, copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openSystemHost, startSystemLibvirtd } from "@polyvisor/sdk/testkit";

const DAEMON = fileURLToPath(new URL("../daemon/bin/polyvisord.js", import.meta.url));
const BETWEEN_LOOKS = 50;

/**
 * @param {{ client: Function }} tools
 * @returns {import("./measures.mjs").Measure}
 */
export function containersMeasure({ client }) {
  return {
    name: "containers",
    group: "lxc",
    async peer({ name }, { programs, effort, folder }) {
      const place = join(folder, `containers-${name}`);
      const document = await writeContainer(place);
      const { socket, stop } = await STARTERS[name](place);
      try {
        const uri = `lxc+unix:///system?socket=${socket}`;
        return await client(programs.vbench, "qemu", uri, document, effort.starts);
      } finally {
        await stop();
      }
    },
  };
}

const STARTERS = { libvirtd: () => startSystemLibvirtd(), polyvisord: startOurs };

async function startOurs(place) {
  const host = await openSystemHost();
  const root = join(place, "daemon");
  const socket = join(root, "run/libvirt/libvirt-sock");
  const daemon = await host.run([process.execPath, DAEMON, "--root", root]);
  while (!(await isThere(socket))) await delay(BETWEEN_LOOKS);
  const stop = async () => {
    daemon.kill("SIGTERM");
    await daemon.ended;
    await host.close();
  };
  return { socket, stop };
}

function isThere(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A shell that waits, in a root of its own. */
async function writeContainer(place) {
  const root = join(place, "root");
  for (const name of ["bin", "dev", "proc", "sys", "tmp"]) await mkdir(join(root, name), { recursive: true });
  await copyFile("/bin/busybox", join(root, "bin/busybox"));
  await symlink("busybox", join(root, "bin/sleep")).catch(() => {});
  const document = join(place, "container.xml");
  await writeFile(
    document,
    `<domain type='lxc'><name>bench-container</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type>exe</type><init>/bin/sleep</init><initarg>1000</initarg></os>
<devices><filesystem type='mount'><source dir='${root}'/><target dir='/'/></filesystem><console type='pty'/></devices></domain>\n`,
  );
  return document;
}
