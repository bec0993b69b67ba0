import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost } from "@polyvisor/core";
import { EMULATOR } from "@polyvisor/sdk/testkit";
import { KilledDaemon } from "../kill/daemon.mjs";
import { processesOf } from "../kill/host.mjs";

const REMOTE = fileURLToPath(new URL("../../plugins/remote", import.meta.url));
const NAMES = ["one", "two"];
/** A client waits 30 s for its turn on a guest: so many starts of one are done in less. */
const AT_ONCE = 20;

/** Starts of two guests that cannot start, many at once. @returns {Promise<{ faults: string[], milliseconds: number }>} */
export async function failingStarts(count) {
  const root = await mkdtemp(join(tmpdir(), "pvstarts-"));
  await mkdir(join(root, "etc/libvirt"), { recursive: true });
  await writeFile(join(root, "etc/libvirt/polyvisord.conf"), 'log_manager = "log-logd"\n');
  const daemon = new KilledDaemon(root, []);
  const host = await createHost({ plugins: [REMOTE] });
  try {
    await daemon.start();
    const began = performance.now();
    const faults = await starts(host, daemon.socket, count);
    return { faults, milliseconds: performance.now() - began };
  } finally {
    await host.close();
    await daemon.end("SIGTERM");
    for (const { pid } of await processesOf(root)) process.kill(pid, "SIGKILL");
    await rm(root, { recursive: true, force: true });
  }
}

async function starts(host, socket, count) {
  const connection = await host.open(`qemu+unix:///system?socket=${socket}`);
  const { api } = connection;
  const doms = await Promise.all(NAMES.map((name) => api.domainDefineXML({ xml: document(name) })));
  const faults = [];
  for (let begun = 0; begun < count; begun += AT_ONCE) {
    const round = Array.from({ length: Math.min(AT_ONCE, count - begun) }, (_, index) => index % NAMES.length);
    const said = await Promise.all(
      round.map((which) =>
        api.domainCreate({ dom: doms[which] }).then(
          () => "it started",
          (error) => error.message,
        ),
      ),
    );
    for (const [index, words] of said.entries()) {
      const wanted = wordsOf(NAMES[round[index]]);
      if (words.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z /g, "") !== wanted) faults.push(`'${words}' instead of '${wanted}'`);
    }
  }
  await connection.close();
  return faults;
}

function wordsOf(name) {
  const words = `-device nothing-${name}: 'nothing-${name}' is not a valid device model name`;
  return `internal error: process exited while connecting to monitor: qemu-system-x86_64: ${words}`;
}

function document(name) {
  return `<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>${name}</name>
<memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices><emulator>${EMULATOR}</emulator></devices>
<qemu:commandline><qemu:arg value='-device'/><qemu:arg value='nothing-${name}'/></qemu:commandline></domain>`;
}
