import { appendFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Duplex, PassThrough } from "node:stream";
import { BHYVE, destroyArgv } from "../command-line/index.js";
import type { BhyveFeature, BhyveFeatures } from "../conf/index.js";
import { bhyveError } from "../errors.js";
import type { BhyveHost, Exit, HostProcess, NodeFigures, Tap } from "../host/host.js";
import { FIGURES } from "./figures.js";

/** What the made-up bhyve can do. */
const EVERYTHING: readonly BhyveFeature[] = [
  "rtc-utc",
  "ahci-32-slots",
  "e1000",
  "bootrom",
  "fbuf",
  "xhci",
  "cpu-topology",
  "hda",
  "vnc-password",
  "virtio-9p",
];

const BRIDGES: readonly string[] = ["bridge0", "virbr0"];
const FIRST_PID = 1000;

interface KeptProcess {
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly started: number;
}

/**
 * Stands in for a FreeBSD: writes down what it is asked to do, and runs nothing. Its state is in files, so that the host of
 * a later daemon has it; what leaks stays there, and a machine that was left behind keeps its guest from starting again.
 */
export class RecordingHost implements BhyveHost {
  readonly bootId = "the only boot";
  readonly release = "13.2-RELEASE-p4";
  readonly features: BhyveFeatures = { bhyve: new Set(EVERYTHING), grubConsole: true };
  readonly node: NodeFigures = FIGURES;
  /** The exit status of a guest whose power button is pressed; `undefined`: it does not care. */
  powerButton: number | undefined = 1;
  /** What fails until it is taken out: a method's name. */
  readonly broken = new Set<keyof BhyveHost>();
  /** What the loaders that were told of one found in their maps of disks. */
  readonly deviceMaps: string[] = [];
  readonly #folder: string;
  readonly #processes = new Map<string, RecordedProcess>();
  readonly #terminals = new Map<string, Duplex>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Everything that was asked for so far, a command a line. */
  async commands(): Promise<readonly string[]> {
    const text = await readFile(join(this.#folder, "commands"), "utf8").catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }

  /** What is there now: taps, machines of the kernel, processes. */
  async leftovers(): Promise<readonly string[]> {
    const kinds = ["taps", "machines", "processes"];
    const all = await Promise.all(
      kinds.map(async (kind) => (await this.#names(kind)).map((name) => `${kind}/${name}`)),
    );
    return all.flat();
  }

  /** Ends the process of a guest as if it had ended by itself. */
  async exit(name: string, exit: Exit): Promise<void> {
    await this.#processes.get(name)?.end(exit);
  }

  async firmware(path: string) {
    return { path, files: ["BHYVE_UEFI.fd", "BHYVE_UEFI_CSM.fd"] };
  }

  async connectTap(bridge: string, wish: string | undefined): Promise<Tap> {
    this.#check("connectTap");
    if (!BRIDGES.includes(bridge)) throw bhyveError("INTERNAL_ERROR", `there is no bridge '${bridge}'`);
    const taken = new Set(await this.#names("taps"));
    let number = 0;
    while (taken.has(`vnet${number}`)) number++;
    const tap = { name: wish ?? `vnet${number}`, device: `tap${number}` };
    await this.#keep("taps", tap.name, tap);
    await this.#record(["connect", tap.device, "as", tap.name, "to", bridge]);
    return tap;
  }

  async removeTap(name: string): Promise<void> {
    this.#check("removeTap");
    if (!(await this.#names("taps")).includes(name)) return;
    await this.#drop("taps", name);
    await this.#record(["remove", name]);
  }

  async load(argv: readonly string[]): Promise<void> {
    await this.#record(argv);
    this.#check("load");
    const map = argv.indexOf("--device-map");
    if (map !== -1) this.deviceMaps.push(await readFile(argv[map + 1] ?? "", "utf8"));
    const name = argv.at(-1) ?? "";
    if ((await this.#names("machines")).includes(name))
      throw bhyveError("INTERNAL_ERROR", `the machine of guest '${name}' was left behind`);
    await this.#keep("machines", name, {});
  }

  async start(argv: readonly string[]): Promise<HostProcess> {
    await this.#record(argv);
    this.#check("start");
    const name = argv.at(-1) ?? "";
    const hasMachine = (await this.#names("machines")).includes(name);
    const boots = argv.some((word) => word.startsWith("bootrom,"));
    if (argv[0] !== BHYVE || hasMachine === boots)
      throw bhyveError("INTERNAL_ERROR", `guest '${name}' has ${boots ? "a machine already" : "not been loaded"}`);
    await this.#keep("machines", name, {});
    const pid = FIRST_PID + (await this.commands()).length;
    const kept: KeptProcess = { pid, started: Date.now() };
    await this.#keep("processes", name, kept);
    return this.#process(name, kept);
  }

  async find(name: string, token: unknown): Promise<HostProcess | undefined> {
    const kept = await this.#read<KeptProcess>("processes", name);
    return kept === undefined || kept.pid !== token ? undefined : this.#process(name, kept);
  }

  async removeMachine(name: string): Promise<void> {
    this.#check("removeMachine");
    if (!(await this.#names("machines")).includes(name)) return;
    await this.#drop("machines", name);
    await this.#record(destroyArgv(name));
  }

  async openTerminal(path: string): Promise<Duplex> {
    await this.#record(["open", path]);
    const terminal = new PassThrough();
    this.#terminals.set(path, terminal);
    return terminal;
  }

  #process(name: string, kept: KeptProcess): RecordedProcess {
    const ended = async () => {
      await this.#drop("processes", name);
      this.#processes.delete(name);
    };
    const process = new RecordedProcess(kept, () => this.powerButton, ended);
    this.#processes.set(name, process);
    return process;
  }

  #check(method: keyof BhyveHost): void {
    if (this.broken.has(method)) throw bhyveError("INTERNAL_ERROR", `${method} fails`);
  }

  async #record(words: readonly string[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await appendFile(join(this.#folder, "commands"), `${words.join(" ")}\n`);
  }

  async #names(kind: string): Promise<readonly string[]> {
    const files = await readdir(join(this.#folder, kind)).catch(() => []);
    return files.map(decodeURIComponent).sort();
  }

  async #keep(kind: string, name: string, value: unknown): Promise<void> {
    await mkdir(join(this.#folder, kind), { recursive: true });
    await writeFile(this.#path(kind, name), JSON.stringify(value));
  }

  async #read<T>(kind: string, name: string): Promise<T | undefined> {
    const text = await readFile(this.#path(kind, name), "utf8").catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  async #drop(kind: string, name: string): Promise<void> {
    await rm(this.#path(kind, name), { force: true });
  }

  #path(kind: string, name: string): string {
    return join(this.#folder, kind, encodeURIComponent(name));
  }
}

class RecordedProcess implements HostProcess {
  readonly pid: number;
  readonly token: number;
  readonly exited: Promise<Exit>;
  readonly #started: number;
  readonly #powerButton: () => number | undefined;
  readonly #ended: () => Promise<void>;
  #resolve: (exit: Exit) => void = () => {};

  constructor({ pid, started }: KeptProcess, powerButton: () => number | undefined, ended: () => Promise<void>) {
    this.pid = pid;
    this.token = pid;
    this.#started = started;
    this.#powerButton = powerButton;
    this.#ended = ended;
    this.exited = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  signal(name: "SIGTERM" | "SIGKILL"): void {
    if (name === "SIGKILL") return void this.end({ kind: "signal" });
    const status = this.#powerButton();
    if (status !== undefined) void this.end({ kind: "status", status });
  }

  async end(exit: Exit): Promise<void> {
    await this.#ended();
    this.#resolve(exit);
  }

  /** Its one processor is always busy. */
  async cpuTime(): Promise<bigint> {
    return BigInt(Date.now() - this.#started) * 1_000_000n;
  }
}
