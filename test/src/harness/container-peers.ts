import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSystemHost, type SystemHost, startSystemLibvirtd } from "@polyvisor/sdk/testkit";
import type { Outcome } from "./command.js";
import { ECHOES, LAST, LIFE, lifeDocuments, NAME, type Part, type Wait } from "./container-life.js";
import { killContainers, makeRoot } from "./containers.js";
import { EventRecorder } from "./event-recorder.js";
import { printedBy, scriptOf } from "./marked-script.js";
import { until } from "./processes.js";
import { project } from "./project.js";
import { DETACH, Terminal } from "./terminal.js";
import { Virsh } from "./virsh.js";
import { askedAgain, forgetsWhy, isWatching, runVirsh } from "./virsh-watch.js";

/** A daemon of root with a driver of containers, on a host of its own. */
export interface ContainerPeer {
  readonly host: SystemHost;
  /** Of its driver. */
  readonly uri: string;
  stop(): Promise<void>;
}

/** libvirt's own, which hangs on a host without the groups that it needs. */
export async function libvirtContainers(): Promise<ContainerPeer> {
  const { host, socket, stop } = await startSystemLibvirtd();
  return { host, uri: `lxc+unix:///system?socket=${socket}`, stop };
}

export async function ourContainers(): Promise<ContainerPeer> {
  const host = await openSystemHost();
  const root = join(host.folder, "daemon");
  const socket = join(root, "run/libvirt/libvirt-sock");
  const uri = `lxc+unix:///system?socket=${socket}`;
  const output = join(host.folder, "said");
  const daemon = await host.run([process.execPath, join(project, "daemon/bin/polyvisord.js"), "--root", root], {
    output,
  });
  const stop = async () => {
    daemon.kill("SIGKILL");
    await daemon.ended;
    await killContainers(root);
    await host.close();
  };
  try {
    await until("polyvisord answers", async () => (await new Virsh(uri).run("version")).code === 0);
  } catch (error) {
    const said = await readFile(output, "utf8").catch(() => "");
    await stop();
    throw new Error(`${(error as Error).message}\n${said}`);
  }
  return { host, uri, stop };
}

/** A container cannot be started on this host by that daemon, in its own words. */
export class NoContainers extends Error {}

/** What one daemon says of a container's life. */
export interface Life {
  readonly commands: readonly { readonly command: string; readonly says: string }[];
  readonly events: readonly string[];
  /** What `virsh console` shows. */
  readonly consoles: readonly string[];
}

/** Lets a container live, and tells what virsh says of it, without what differs from run to run. */
export async function live({ host, uri }: ContainerPeer): Promise<Life> {
  const root = await makeRoot(join(host.folder, "root"));
  const folder = join(host.folder, "documents");
  await mkdir(folder);
  for (const [name, xml] of Object.entries(lifeDocuments(root))) await writeFile(join(folder, name), xml);
  const virsh = new Virsh(uri);
  const events = await EventRecorder.start(virsh, "lxc");
  try {
    const commands: { command: string; says: string }[] = [];
    for (const part of LIFE) {
      const last = commands.at(-1)?.says ?? "";
      if (part.after !== undefined && last.startsWith("error: ")) throw new NoContainers(last);
      await waitFor(part.after, { virsh, root, events }).catch((error: Error) => {
        throw new Error(`${error.message}, before ${part.commands[0]} and after ${JSON.stringify(commands.slice(-5))}`);
      });
      const told = await tell(part, uri, folder);
      commands.push(...told.map(({ command, says }) => ({ command, says: normalised(says, host.folder) })));
    }
    const end = `event 'lifecycle' for domain '${LAST}': Undefined Removed`;
    await until("all events have come", () => events.events.includes(end));
    return { commands, events: events.events, consoles: await consolesOf(virsh, folder, root) };
  } finally {
    await events.stop();
  }
}

/** A container that says what it hears is talked to, by the name of its console and without, and by a wrong one. */
async function consolesOf(virsh: Virsh, folder: string, root: string): Promise<string[]> {
  await virsh.ok("create", join(folder, "echo"));
  await until("it listens", () => wasThere(join(root, "tmp/ready")));
  const shown: string[] = [];
  for (const device of [[], ["--devname", "console0"]]) {
    const terminal = new Terminal("virsh", ["-c", virsh.uri, "console", ECHOES, ...device]);
    try {
      await terminal.expect("Escape character is");
      terminal.type("hello\r");
      await terminal.expect("heard hello");
      terminal.type(DETACH);
      shown.push(`${await terminal.ended()}: ${terminal.shown}`);
    } finally {
      await terminal.stop();
    }
  }
  const wrong = new Terminal("virsh", ["-c", virsh.uri, "console", ECHOES, "--devname", "console9"]);
  shown.push(`${await wrong.ended()}: ${wrong.shown}`);
  await virsh.ok("destroy", ECHOES);
  return shown;
}

interface Waiting {
  readonly virsh: Virsh;
  /** The container's. */
  readonly root: string;
  readonly events: EventRecorder;
}

async function waitFor(wait: Wait | undefined, { virsh, root, events }: Waiting): Promise<void> {
  const isReady = () => wasThere(join(root, "tmp/ready"));
  const stateIs = async (state: RegExp) => {
    const { stdout, stderr } = await virsh.run("domstate", NAME);
    return state.test(stdout + stderr);
  };
  switch (wait) {
    case "ready":
      await until("the container is ready", isReady);
      // libvirtd hears of the first process in its own time, and cannot say all before.
      return until(
        "the daemon knows its init",
        async () => (await virsh.run("dominfo", NAME)).code === 0,
        undefined,
        100,
      );
    case "rebooted":
      await until("the container is ready again", isReady);
      return until("a reboot is told", () => events.events.includes(`event 'reboot' for domain '${NAME}'`));
    case "off":
      return until("the container is off", () => stateIs(/^shut off/), undefined, 100);
    case "gone":
      return until("the container is gone", () => stateIs(/failed to get domain/), undefined, 100);
    default:
  }
}

/** Removes the sign of a container's shell; whether there was one. */
function wasThere(sign: string): Promise<boolean> {
  return rm(sign).then(
    () => true,
    () => false,
  );
}

/** Each command that virsh watches has a virsh of its own, which may be asked again: none of these has an effect here. */
async function tell({ commands }: Part, uri: string, folder: string) {
  const told: { command: string; says: string }[] = [];
  for (const group of groupsOf(commands)) {
    const filled = group.map((command) => command.replace(/<(\w+)>/g, (_, name: string) => join(folder, name)));
    const words = ["sh", "-c", 'exec virsh -c "$0" "$1" 2>&1', uri, scriptOf(filled)];
    const virsh = (timeout: number) => runVirsh(group, words, { timeout });
    const [first = ""] = group;
    const saysAll = ({ stdout }: Outcome) => !forgetsWhy(first, printedBy(stdout)[0] ?? "");
    const { stdout } = await (isWatching(first) ? askedAgain(virsh, saysAll) : virsh(120_000));
    const parts = printedBy(stdout);
    told.push(...group.map((command, at) => ({ command, says: parts[at] ?? "virsh has ended before" })));
  }
  return told;
}

function groupsOf(commands: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const [at, command] of commands.entries()) {
    const isAlone = at === 0 || isWatching(command) || isWatching(commands[at - 1] ?? "");
    if (isAlone) groups.push([command]);
    else groups.at(-1)?.push(command);
  }
  return groups;
}

function normalised(text: string, folder: string): string {
  return text
    .trim()
    .replaceAll(folder, "FOLDER")
    .replace(/^(CPU time:|Used memory:|rss|swap_in|swap_out|last_update|\s*\w+_time) *.*$/gm, "$1 N")
    .replace(/^(Id: +)?\d+$/gm, "Id: N")
    .replace(/(unsupported flags \(0x\w+\) in function) \w+/, "$1 FUNCTION")
    .replace(/<emulator>.*<\/emulator>/, "<emulator>EMULATOR</emulator>")
    .replace(/^(<domain type='lxc' id=)'\d+'/gm, "$1'N'")
    .replace(/^ *\d+ +one /gm, " N one ")
    .replace(/\/dev\/pts\/\d+/g, "/dev/pts/N")
    .replace(/-{4,}/g, "---")
    .replace(/ {2,}(?=[^<\s])/g, "  ");
}
