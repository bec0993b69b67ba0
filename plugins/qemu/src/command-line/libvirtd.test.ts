import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { VirtError } from "@polyvisor/core";
import { parseDomain } from "@polyvisor/sdk/conf/domain";
import { hostArch } from "@polyvisor/sdk/conf/host";
import test from "ava";
import { CapabilitiesCache, findEmulator, type QemuCapabilities } from "../capabilities/index.js";
import { assignAliases, qemuHooks } from "../conf/index.js";
import { knowledgeFor } from "../cpu/knowledge.js";
import { resolveCpu } from "../cpu/resolve.js";
import { withImageChains } from "../start/images.js";
import { makeLive } from "../start/live-config.js";
import { PortAllocator } from "../start/ports.js";
import { GUESTS } from "../testing/guests.js";
import { hasQemuImg, makeImages } from "../testing/images.js";
import { hasLibvirtd, type Libvirtd, startLibvirtd } from "../testing/libvirtd.js";
import { runnableGuests } from "../testing/runnable-guests.js";
import { alignMemory, buildCommandLine, numberImages, type Runtime } from "./index.js";

// A real libvirtd says how it starts the same guests: word by word that must be our command line.

type Words = { readonly words: readonly string[] } | { readonly error: string };

const emulator = await findEmulator("x86_64");

/**
 * Without a start libvirtd takes every network card for a tap device, which only root can make, looks at no host
 * device, and gives SPICE a port that a guest would not get.
 */
const ASKS_HOST = /<interface|<hostdev|type='spice'/;

/** What the project cannot express yet is refused with an error that names it, never left out. */
const NOT_YET = /^unsupported configuration: .* is not supported yet$/;

if (emulator === undefined || !hasLibvirtd() || !hasQemuImg()) {
  test.skip("needs libvirtd 9.0, qemu-system-x86_64 and qemu-img: command lines are those of libvirt", (t) => t.pass());
} else {
  const images = await makeImages();
  let libvirtd: Libvirtd;
  let caps: QemuCapabilities;

  test.before(async (t) => {
    t.timeout(60_000);
    const cache = await mkdtemp(join(tmpdir(), "polyvisor-caps-"));
    caps = await new CapabilitiesCache(cache).lookup(emulator);
    await rm(cache, { recursive: true });
    libvirtd = await startLibvirtd();
  });

  test.after.always(async () => {
    await libvirtd?.stop();
    await images.remove();
  });

  const guests = Object.entries({ ...GUESTS, ...runnableGuests(images.folder) });
  for (const [what, xml] of guests.filter(([, each]) => !ASKS_HOST.test(each))) {
    test.serial(`libvirtd would start it so: ${what}`, async (t) => {
      const folder = join(libvirtd.configFolder, "libvirt/qemu/lib/domain--1-g");
      const mine = await ours(xml, caps, libvirtd, {
        libDir: folder,
        monitor: { path: join(folder, "monitor.sock") },
        port: 5900,
      });
      if ("error" in mine && NOT_YET.test(mine.error)) t.pass(mine.error);
      else t.deepEqual(mine, await libvirtd.commandLine(xml));
    });
  }

  for (const [what, xml] of Object.entries(runnableGuests(images.folder))) {
    if (!ASKS_HOST.test(xml) && !xml.includes("type='qcow2'")) continue;
    test.serial(`libvirtd starts it so: ${what}`, async (t) => {
      const theirs = await libvirtd.startedWith(xml);
      t.like(theirs, { error: undefined });
      t.deepEqual(await ours(xml, caps, libvirtd, runOf(theirs)), theirs);
    });
  }
}

/** What only a run knows. */
interface Run extends Pick<Runtime, "libDir" | "monitor"> {
  /** Of its display. */
  readonly port: number;
}

class OnePort extends PortAllocator {
  readonly #port: number;

  constructor(port: number) {
    super();
    this.#port = port;
  }

  override display(): Promise<number> {
    return Promise.resolve(this.#port);
  }
}

/** The guest's folder has its number, the monitor's socket is inherited, and other displays may have the first port. */
function runOf(theirs: Words): Run {
  const line = "words" in theirs ? theirs.words.join(" ") : "";
  const key = /"file":"([^"]*master-key\.aes)"/.exec(line)?.[1] ?? "";
  return {
    libDir: dirname(key),
    monitor: { fd: Number(/charmonitor,fd=(\d+)/.exec(line)?.[1]) },
    port: Number(/-spice port=(\d+)/.exec(line)?.[1]),
  };
}

async function ours(
  xml: string,
  caps: QemuCapabilities,
  { configFolder, environment }: Libvirtd,
  { port, ...run }: Run,
): Promise<Words> {
  const folder = join(configFolder, "libvirt/qemu");
  const started = "fd" in run.monitor;
  try {
    const hooks = qemuHooks(caps, { nvram: join(folder, "nvram"), channels: join(folder, "channel/target") });
    const named = alignMemory(assignAliases(parseDomain(xml, { hooks, abiUpdate: true })));
    const chained = started ? await withImageChains(named) : named;
    const domain = resolveCpu(chained, caps, hostArch(), await knowledgeFor(chained.cpu, caps.arch));
    const live = await makeLive(domain, -1, join(folder, "channel/target/domain--1-g"), new OnePort(port));
    const memory = { backingDir: join(folder, "ram"), hugepages: [], domainFolder: "-1-g" };
    const { argv, env } = buildCommandLine(numberImages(live.config), caps, {
      ...run,
      privileged: false,
      environment,
      memory,
      now: 0,
    });
    return { words: [...Object.entries(env).map(([key, value]) => `${key}=${value}`), ...argv] };
  } catch (error) {
    if (error instanceof VirtError) return { error: error.message };
    throw error;
  }
}
