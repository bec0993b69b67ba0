import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { outputOf } from "./harness/command.js";
import { program, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { until } from "./harness/processes.js";
import { clientProgram, PYTHON } from "./harness/project.js";
import { Screen } from "./harness/screen.js";
import { Virsh } from "./harness/virsh.js";

/** Where `npm run virt-manager` wants its pictures. */
const PICTURES = process.env.POLYVISOR_PICTURES;
const PROGRAMS = ["virt-manager", "Xvfb", "xdotool", "import", "dbus-daemon", "virsh"];
const NEEDS = await Promise.all(PROGRAMS.map(program));

/** What a user presses in the list of virtual machines, what is shown then, and what virsh says of it. */
const STEPS = [
  { role: "toggle button", name: "Pause", shown: "Paused", state: "paused" },
  { role: "toggle button", name: "Pause", shown: "Running", state: "running" },
  { role: "push button", name: "Shut Down", shown: "Shutoff", state: "shut off" },
  { role: "push button", name: "Run", shown: "Running", state: "running" },
] as const;

testWith("virt-manager shows a domain, and pauses, resumes, stops and starts it", NEEDS, (t) =>
  withPolyvisord(async (daemon) => {
    const screen = await Screen.start();
    const bus = spawn("dbus-daemon", ["--session", "--nofork", "--print-address"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [address] = (await once(bus.stdout as Readable, "data")) as [Buffer];
    // Programs that help people who do not see are how the test finds its way.
    const env = { ...screen.environment, DBUS_SESSION_BUS_ADDRESS: address.toString().trim(), NO_AT_BRIDGE: "0" };
    const uri = daemon.uri("test");
    const manager = spawn("virt-manager", ["--no-fork", "--connect", uri], { env, stdio: "ignore" });
    const ended = once(manager, "exit");
    const hands = (...words: readonly string[]) =>
      outputOf(PYTHON, [clientProgram("hands.py"), ...words], { env, timeout: 120_000 });
    const picture = (name: string) =>
      outputOf("import", ["-window", "root", join(PICTURES ?? "", `${name}.png`)], { env });
    try {
      await mkdir(PICTURES ?? "", { recursive: true });
      await hands("table cell", "test");
      await hands("-", "Running");
      await picture("0-running");
      const virsh = new Virsh(uri);
      for (const [at, { role, name, shown, state }] of STEPS.entries()) {
        await hands(role, name);
        await until(state, async () => (await virsh.ok("domstate", "test")) === state, 60_000, 250);
        await hands("-", shown);
        await picture(`${at + 1}-${state.replace(" ", "-")}`);
      }
      t.is(manager.exitCode, null, "it still runs");
    } finally {
      manager.kill();
      await ended;
      bus.kill();
      await once(bus, "exit");
      await screen.stop();
    }
  }),
);
