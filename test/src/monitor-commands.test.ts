import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { idleXml } from "./harness/guest-xml.js";
import { program, testWith } from "./harness/needs.js";
import { ourDaemon, type Peer, realLibvirtd } from "./harness/peer.js";
import { until } from "./harness/processes.js";
import { Virsh } from "./harness/virsh.js";
import { withPeer } from "./harness/with-peer.js";

const NEEDS = await Promise.all(["virsh", "qemu-system-x86_64", "libvirtd", "stdbuf"].map(program));
const NAME = "talker";
const AGENT =
  "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel><controller type='usb' model='none'/>";
const PLAIN = idleXml(NAME, "qemu", "6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f41");
const WITH_AGENT = idleXml("agent", "qemu", "6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f42").replace(
  "<controller type='usb' model='none'/>",
  AGENT,
);

const json = (command: string) => ["qemu-monitor-command", NAME, command];

/** Commands for a running guest, after which it still runs. */
const RUNNING: readonly (readonly string[])[] = [
  ["dominfo", NAME],
  json('{"execute":"query-status"}'),
  ["qemu-monitor-command", NAME, "--pretty", '{ "execute" : "query-version" }'],
  ["qemu-monitor-command", NAME, "--return-value", '{"execute":"query-name"}'],
  // A number that is no safe integer of JavaScript, on the way there and on the way back.
  json(
    '{"execute":"object-add","arguments":{"qom-type":"iothread","id":"t","poll-max-ns":9007199254740993,"\\u0070oll-grow":3}}',
  ),
  json('{"execute":"qom-get","arguments":{"path":"/objects/t","property":"poll-max-ns"}}'),
  json('{"execute":"no-such-command"}'),
  json('{"execute":"query-status","id":"mine"}'),
  json("query-kvm"),
  json('{"execute'),
  ["qemu-monitor-command", NAME, "--hmp", "info status"],
  ["qemu-monitor-command", NAME, "--hmp", "no-such-command"],
  ["qemu-agent-command", NAME, '{"execute":"guest-ping"}'],
  ["qemu-agent-command", "agent", '{"execute":"guest-ping"}'],
  ["suspend", "agent"],
  ["qemu-agent-command", "agent", '{"execute":"guest-ping"}'],
  ["qemu-attach", "1"],
  ["qemu-monitor-event", "--regex", "--event", "("],
  ["-r", "qemu-monitor-command", NAME, '{"execute":"query-status"}'],
  ["-r", "qemu-monitor-event", "--timeout", "1"],
  ["dominfo", NAME],
];

function normalised(text: string): string {
  return text
    .replace(/"id":( ?)"libvirt-\d+"/g, '"id":$1"N"')
    .replace(/(cannot parse json [^:]*:).*\n/s, "$1\n")
    .replace(/(failed to compile regex [^:]*:).*/, "$1")
    .replace(/^(CPU time|Id|Security \w+): .*\n/gm, "")
    .replace(/("package": )".*"/, "$1P");
}

async function transcript(peer: Peer): Promise<string[]> {
  const virsh = new Virsh(peer.uri("qemu"));
  await virsh.define(PLAIN);
  await virsh.define(WITH_AGENT);
  const lines: string[] = [];
  const note = async (command: readonly string[]) => {
    const { code, stdout, stderr } = await virsh.run(...command);
    lines.push(`${command.join(" ")} -> ${code}\n${normalised(stdout + stderr)}`);
  };
  await note(json('{"execute":"query-status"}'));
  for (const name of [NAME, "agent"]) await virsh.ok("start", name);
  for (const command of RUNNING) await note(command);
  // Its answer may be lost with the emulator.
  await virsh.run(...json('{"execute":"quit"}'));
  await until("the guest has quit", async () => (await virsh.ok("domstate", NAME)) === "shut off");
  await note(["dominfo", NAME]);
  return lines;
}

testWith("virsh has the same answers of monitors and agents from libvirtd and polyvisord", NEEDS, async (t) => {
  const theirs = await withPeer(transcript, realLibvirtd);
  const ours = await withPeer(transcript, ourDaemon);
  t.deepEqual(ours, theirs);
});

const RESET = `event RESET for domain '${NAME}': {"guest":false,"reason":"host-qmp-system-reset"}`;
const STOP = `event STOP for domain '${NAME}': <null>`;
const RESUME = `event RESUME for domain '${NAME}': <null>`;

/** What a listener asks for, and what it is told when a guest is reset, suspended and resumed. */
const LISTENERS: readonly (readonly [asks: readonly string[], told: readonly string[]])[] = [
  [[], [RESET, RESUME, STOP]],
  [["--event", "STOP"], [STOP]],
  [["--event", "stop"], []],
  [["--event", "stop", "--no-case"], [STOP]],
  [
    ["--event", "^RES", "--regex"],
    [RESET, RESUME],
  ],
  [
    ["--event", "^res|top$", "--regex", "--no-case"],
    [RESET, RESUME, STOP],
  ],
  [
    ["--event", "STOP|RESUME", "--domain", NAME, "--regex"],
    [RESUME, STOP],
  ],
  [["--domain", "agent"], []],
];

/** virsh as it listens. Events that nobody asked the guest for are left out: its firmware may reset it. */
class Listener {
  readonly #child: ChildProcess;
  #text = "";

  constructor(uri: string, asks: readonly string[]) {
    const args = ["-oL", "virsh", "-c", uri, "qemu-monitor-event", "--loop", "--timestamp", ...asks];
    this.#child = spawn("stdbuf", args, { env: { ...process.env, LC_ALL: "C" } });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#text += text;
    });
  }

  /** The different events that it was told of. */
  get told(): string[] {
    const lines = this.#text.split("\n").slice(0, -1);
    const events = lines.map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000: /, ""));
    return [...new Set(events.filter((line) => [RESET, STOP, RESUME].includes(line)))].sort();
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}

for (const start of [ourDaemon, realLibvirtd]) {
  testWith(`virsh hears from monitors what it asked for: ${start.name}`, NEEDS, (t) =>
    withPeer(async (peer) => {
      const virsh = new Virsh(peer.uri("qemu"));
      for (const xml of [PLAIN, WITH_AGENT]) await virsh.define(xml);
      await virsh.ok(`start ${NAME} --paused; start agent --paused; resume ${NAME}`);
      const listeners = LISTENERS.map(([asks]) => new Listener(virsh.uri, asks));
      try {
        await until(
          "every listener was told what it asked for",
          async () => {
            await virsh.ok(...json('{"execute":"system_reset"}'));
            await virsh.ok(`suspend ${NAME}; resume ${NAME}`);
            return listeners.every(({ told }, index) => told.length >= (LISTENERS[index]?.[1].length ?? 0));
          },
          60_000,
        ).catch((error: Error) => {
          throw new Error(`${error.message}; told: ${JSON.stringify(listeners.map(({ told }) => told))}`);
        });
        t.deepEqual(
          listeners.map(({ told }) => told),
          LISTENERS.map(([, told]) => [...told]),
        );
      } finally {
        await Promise.all(listeners.map((listener) => listener.stop()));
      }
    }, start),
  );
}
