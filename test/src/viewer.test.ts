import { spawn } from "node:child_process";
import { once } from "node:events";
import { outputOf } from "./harness/command.js";
import { hypervisor, type Need, program, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { until } from "./harness/processes.js";
import { Screen } from "./harness/screen.js";
import { withFiles } from "./harness/with-peer.js";

/** Windows take many large packages, which `npm test` does not install for one test. */
async function window(name: string): Promise<Need> {
  return { ...(await program(name)), kind: "data" };
}

const NEEDS = [await window("virt-viewer"), await window("Xvfb"), ...(await hypervisor())];

/** Nothing listens for its screen: the way there is the daemon. */
const GUEST = `<domain type='qemu'><name>guest</name><memory>65536</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/><memballoon model='none'/>
    <graphics type='vnc'><listen type='none'/></graphics><video><model type='vga'/></video></devices></domain>`;

/** Of the firmware's words on the guest's screen there are more pixels than of anything that the viewer itself says. */
const PIXELS = 1500;

testWith("virt-viewer shows a guest's screen through the daemon alone", NEEDS, (t) =>
  withPolyvisord(async (daemon) => {
    const uri = daemon.uri("qemu");
    await withFiles({ guest: GUEST }, ({ guest }) => outputOf("virsh", ["-c", uri, "create", guest]));
    const ask = ["-c", uri, "qemu-monitor-command", "guest", '{"execute":"query-vnc-servers"}'];
    const servers = async () => JSON.parse(await outputOf("virsh", ask)).return as { clients: unknown[] }[];
    const viewers = async () => (await servers())[0]?.clients ?? [];
    t.deepEqual(await viewers(), []);
    const screen = await Screen.start();
    const dark = await screen.litPixels();
    const viewer = spawn("virt-viewer", ["--connect", uri, "--attach", "guest"], {
      env: screen.environment,
      stdio: "ignore",
    });
    const ended = once(viewer, "exit");
    try {
      await until("the viewer is connected", async () => (await viewers()).length === 1, 90_000, 250);
      t.like((await viewers())[0], { family: "unix" });
      await until("it shows the guest", async () => (await screen.litPixels()) > dark + PIXELS, 90_000, 250);
    } finally {
      viewer.kill();
      await ended;
      await screen.stop();
    }
    await until("the guest has lost it", async () => (await viewers()).length === 0);
    t.deepEqual(await viewers(), []);
  }),
);
