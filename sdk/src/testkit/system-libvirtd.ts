import { readFile, writeFile } from "node:fs/promises";
import { accepts, withinReason } from "./listening.js";
import { type HostProcess, openSystemHost, type SystemHost } from "./system-host.js";

/** A libvirtd of root on a host of a test's own: `qemu:///system` with every privilege, and without the system's paths. */
export interface SystemLibvirtd {
  readonly host: SystemHost;
  /** The unix socket that clients connect to, for programs outside the host. */
  readonly socket: string;
  readonly process: HostProcess;
  /** Ends the daemon, if it has not ended, and starts it again on what it has left. Guests stay. */
  restart(): Promise<void>;
  /** Ends the daemon, and its guests with the host where `startSystemLibvirtd` has made that. */
  stop(): Promise<void>;
}

export interface SystemLibvirtdOptions {
  /** Where it is to run, beside others; else on a host of its own. */
  readonly host?: SystemHost;
  /** Further lines of libvirtd.conf. */
  readonly settings?: string;
  /** Further files of /etc/libvirt by name, such as `qemu-lockd.conf`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Lines of qemu.conf. Guests' output goes to files unless `stdio_handler` says otherwise. */
  readonly qemu?: string;
}

const CONFIG = "/etc/libvirt/libvirtd.conf";
const LOG = "/var/log/libvirt/libvirtd.log";
const SOCKET = "/run/libvirt/libvirt-sock";

export async function startSystemLibvirtd(options: SystemLibvirtdOptions = {}): Promise<SystemLibvirtd> {
  const host = options.host ?? (await openSystemHost());
  const closeOwn = () => (options.host === undefined ? host.close() : Promise.resolve());
  try {
    await writeSettings(host, options);
    let daemon = await start(host);
    const end = async () => {
      daemon.kill("SIGCONT");
      daemon.kill("SIGTERM");
      const impatience = setTimeout(() => daemon.kill("SIGKILL"), 10_000);
      await daemon.ended;
      clearTimeout(impatience);
    };
    return {
      host,
      socket: host.path(SOCKET),
      get process() {
        return daemon;
      },
      async restart() {
        await end();
        daemon = await start(host);
      },
      async stop() {
        await end();
        await closeOwn();
      },
    };
  } catch (error) {
    await closeOwn();
    throw error;
  }
}

async function writeSettings(host: SystemHost, { settings = "", files = {}, qemu = "" }: SystemLibvirtdOptions) {
  const handler = qemu.includes("stdio_handler") ? "" : 'stdio_handler = "file"\n';
  const lines = ["log_level = 3", `log_outputs = "3:file:${LOG}"`, 'auth_unix_rw = "none"', 'auth_unix_ro = "none"'];
  const all = { "libvirtd.conf": `${lines.join("\n")}\n${settings}\n`, "qemu.conf": `${handler}${qemu}\n`, ...files };
  for (const [name, text] of Object.entries(all)) await writeFile(host.path(`/etc/libvirt/${name}`), text);
}

async function start(host: SystemHost): Promise<HostProcess> {
  const daemon = await host.run(["/usr/sbin/libvirtd", "--config", CONFIG]);
  let status: number | undefined;
  void daemon.ended.then((ended) => {
    status = ended;
  });
  try {
    await withinReason("libvirtd listens", async () => {
      if (status !== undefined) throw new Error(`libvirtd ended with status ${status}`);
      return accepts(host.path(SOCKET));
    });
  } catch (error) {
    daemon.kill("SIGKILL");
    const said = await readFile(host.path(LOG), "utf8").catch(() => "");
    throw new Error(`${(error as Error).message}\n${said}`);
  }
  return daemon;
}
