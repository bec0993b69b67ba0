import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";

const BUS = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <auth>EXTERNAL</auth>
  <listen>unix:path=FOLDER/bus</listen>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
`;

/** A bus of a test's own. */
export interface PrivateBus {
  /** For `DBUS_SYSTEM_BUS_ADDRESS`. */
  readonly address: string;
  stop(): Promise<void>;
}

/** With its socket in this folder. */
export async function startBus(folder: string): Promise<PrivateBus> {
  const socket = join(folder, "bus");
  await writeFile(join(folder, "bus.conf"), BUS.replace("FOLDER", folder));
  const args = ["--nofork", "--nopidfile", "--nosyslog", "--print-address", `--config-file=${folder}/bus.conf`];
  const bus = spawn("dbus-daemon", args);
  // It says so once it listens, which is later than its socket is there.
  await once(bus.stdout, "data");
  return {
    address: `unix:path=${socket}`,
    stop: () => endProcess(bus),
  };
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
