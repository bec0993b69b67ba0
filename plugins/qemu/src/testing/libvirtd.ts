import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A real libvirtd of one test's own, which tells what a document becomes there. */
export interface Libvirtd {
  /** Defines a domain named `g` and returns how it is then printed, or libvirt's words. */
  define(xml: string): Promise<{ readonly xml: string } | { readonly error: string }>;
  stop(): Promise<void>;
}

/** Whether libvirt 9.0 with its QEMU driver is installed. */
export function hasLibvirtd(): boolean {
  const run = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: "utf8" }).stdout ?? "";
  return run("virsh", "--version").startsWith("9.0.") && run("libvirtd", "--version").includes(" 9.0.");
}

const NOBODY = 65534;

/** Starts it as a session daemon, without privileges, below a folder that goes with it. */
export async function startLibvirtd(): Promise<Libvirtd> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-libvirtd-"));
  const privileged = process.getuid?.() === 0;
  const owner = privileged ? { uid: NOBODY, gid: NOBODY } : {};
  for (const name of ["run", "config", "cache", "data", "home"]) {
    await mkdir(join(root, name), { mode: 0o700 });
    if (privileged) await chown(join(root, name), NOBODY, NOBODY);
  }
  await chmod(root, 0o755);
  const environment = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    LC_ALL: "C",
    HOME: join(root, "home"),
    XDG_RUNTIME_DIR: join(root, "run"),
    XDG_CONFIG_HOME: join(root, "config"),
    XDG_CACHE_HOME: join(root, "cache"),
    XDG_DATA_HOME: join(root, "data"),
  };
  const daemon = spawn("libvirtd", [], { cwd: root, env: environment, stdio: "ignore", detached: true, ...owner });
  const ended = new Promise<void>((resolve) => daemon.once("exit", () => resolve()));
  const socket = join(root, "run/libvirt/libvirt-sock");
  for (let tries = 0; !existsSync(socket) && tries < 100; tries++) await delay(100);
  const uri = `qemu+unix:///session?socket=${socket}`;
  return {
    define: async (xml) => {
      const file = join(root, "g.xml");
      await writeFile(file, xml);
      const script = `define ${file}; dumpxml g --inactive --security-info; undefine g --nvram`;
      const { stdout, stderr } = await virsh(uri, script, environment, owner);
      if (stdout.includes("<domain")) {
        const end = stdout.indexOf("</domain>") + "</domain>".length;
        return { xml: `${stdout.slice(stdout.indexOf("<domain"), end)}\n` };
      }
      const words = stderr.split(/^error: /m).filter((each) => each !== "" && !each.startsWith("Failed to define"));
      return { error: (words[0] ?? stderr).trimEnd() };
    },
    stop: async () => {
      daemon.kill("SIGTERM");
      const killer = setTimeout(() => daemon.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(killer);
      await rm(root, { recursive: true, force: true });
    },
  };
}

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

function virsh(
  uri: string,
  script: string,
  env: NodeJS.ProcessEnv,
  owner: { uid?: number; gid?: number },
): Promise<Output> {
  const child = spawn("virsh", ["-q", "-c", uri, script], { env, stdio: ["ignore", "pipe", "pipe"], ...owner });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("close", () => resolve(output));
  });
}
