import { readFile, stat, writeFile } from "node:fs/promises";

interface StandInDomain {
  readonly id: number;
  name: string;
  uuid: string;
  type: string;
  /** In KiB. */
  memory: number;
  maxMemory: number;
  vcpus: number;
  maxVcpus: number;
  state: "running" | "paused" | "shutdown";
  reason: number | undefined;
  weight: number;
  cap: number;
  affinity: Map<number, string>;
  began: number;
}

const LETTERS = { running: "r-----", paused: "--p---", shutdown: "---s--" } as const;
const OK = { status: 0, output: "" };

class Refusal extends Error {}

/** What xl's commands do to domains, as far as the driver asks for it; whatever else is asked is refused. */
export class StandInDomains {
  readonly #info: string;
  readonly #tell: (name: string) => void;
  readonly #domains = new Map<number, StandInDomain>();
  readonly #unfinished = new Set<number>();
  #lastId = 0;
  /** The next command of that name fails, with these words. */
  readonly failures = new Map<string, string>();

  constructor(info: string, tell: (name: string) => void) {
    this.#info = info;
    this.#tell = tell;
    const dom0 = { name: "Domain-0", uuid: "00000000-0000-0000-0000-000000000000", type: "pv" };
    this.#domains.set(0, made(0, { ...dom0, memory: 1048576, maxMemory: 1048576, vcpus: 2, maxVcpus: 2 }));
  }

  has(id: number): boolean {
    return this.#domains.has(id);
  }

  /** Every running domain's id, but for dom0's. */
  get ids(): number[] {
    return [...this.#domains.keys()].filter((id) => id > 0);
  }

  /** Somebody makes a domain: it is paused, and nothing is known of it. Answers its id. */
  beginMaking(name: string, uuid: string): number {
    const config = { name, uuid, type: "pv", memory: 131072, maxMemory: 131072, vcpus: 1, maxVcpus: 1 };
    this.#begin(true, config);
    this.#unfinished.add(this.#lastId);
    return this.#lastId;
  }

  /** What is being made is there, and runs. */
  finishMaking(id: number): void {
    this.#unfinished.delete(id);
    this.#state(String(id), "running");
  }

  /** A domain ends by itself: with the reason's number. */
  end(id: number, reason: number): void {
    const domain = this.#find(String(id));
    domain.state = "shutdown";
    domain.reason = reason;
    this.#tell("@releaseDomain");
  }

  async run(words: readonly string[]): Promise<{ readonly status: number; readonly output: string }> {
    const [name = "", ...args] = words;
    const failure = this.failures.get(name);
    if (failure !== undefined) {
      this.failures.delete(name);
      return { status: 1, output: failure };
    }
    const command = this.#commands[name];
    if (command === undefined) return { status: 1, output: `xl: command "${words.join(" ")}" is not known here` };
    try {
      const output = await command(args);
      return typeof output === "string" ? { status: 0, output } : OK;
    } catch (error) {
      if (error instanceof Refusal) return { status: 1, output: error.message };
      return { status: 1, output: `libxl: error: ${(error as Error).message}` };
    }
  }

  readonly #commands: Readonly<Record<string, (args: readonly string[]) => unknown>> = {
    info: () => this.#info,
    list: (args) => (args[0] === "-l" ? this.#configurations(args[1]) : this.#list()),
    "vcpu-list": ([id]) => this.#vcpus(id),
    "sched-credit2": (args) => this.#schedule(args),
    create: (args) => this.#create(args),
    destroy: ([id]) => this.#remove(this.#find(id)),
    pause: ([id]) => this.#state(id, "paused"),
    unpause: ([id]) => this.#state(id, "running"),
    shutdown: (args) => this.#obey(args.at(-1), 0),
    reboot: (args) => this.#obey(args.at(-1), 1),
    "mem-max": ([id, size]) => void Object.assign(this.#find(id), { maxMemory: Number.parseInt(size ?? "", 10) }),
    "mem-set": ([id, size]) => void Object.assign(this.#find(id), { memory: Number.parseInt(size ?? "", 10) }),
    "vcpu-set": ([id, count]) => void Object.assign(this.#find(id), { vcpus: Number(count) }),
    "vcpu-pin": ([id, vcpu, cpus]) => void this.#find(id).affinity.set(Number(vcpu), cpus ?? "all"),
    "block-attach": ([id]) => void this.#find(id),
    "block-detach": ([id]) => void this.#find(id),
    "network-attach": ([id]) => void this.#find(id),
    "network-detach": ([id]) => void this.#find(id),
    "pci-attach": ([id]) => void this.#find(id),
    "pci-detach": ([id]) => void this.#find(id),
    "cd-insert": ([id]) => void this.#find(id),
    "cd-eject": ([id]) => void this.#find(id),
    "pci-assignable-add": () => undefined,
    "pci-assignable-remove": () => undefined,
    trigger: ([id]) => void this.#find(id),
    suspend: ([id]) => void this.#find(id),
    resume: ([id]) => void this.#find(id),
    save: ([id, path]) => this.#save(this.#find(id), path ?? ""),
    restore: (args) => this.#restore(args),
    "dump-core": async ([id, path]) => {
      this.#find(id);
      await writeFile(path ?? "", "core");
    },
    migrate: (args) => this.#migrate(args.at(-2)),
  };

  #find(id: string | undefined): StandInDomain {
    const domain = this.#domains.get(Number(id));
    if (domain === undefined) throw new Refusal(`${id} is an invalid domain identifier (rc=-6)`);
    return domain;
  }

  #list(): string {
    const head = "Name ID Mem VCPUs State Time(s) UUID Reason-Code Security Label";
    const rows = [...this.#domains.values()].map(({ id, name, memory, vcpus, state, uuid, reason, began }) => {
      const time = ((performance.now() - began) / 1000).toFixed(1);
      const figures = `${name.padEnd(40)} ${id} ${Math.round(memory / 1024)} ${vcpus} ${LETTERS[state]} ${time}`;
      return `${figures} ${uuid} ${reason === undefined ? "-" : reason.toString(16)} -`;
    });
    return [head, ...rows].join("\n");
  }

  #configurations(wanted: string | undefined): string {
    const chosen = wanted === undefined ? [...this.#domains.values()] : [this.#find(wanted)];
    return JSON.stringify(
      chosen
        .filter(({ id }) => !this.#unfinished.has(id))
        .map(({ id, name, uuid, type, memory, maxMemory, vcpus, maxVcpus }) => ({
          domid: id,
          config: {
            c_info: { type, name, uuid },
            b_info: {
              max_vcpus: maxVcpus,
              avail_vcpus: Array.from({ length: vcpus }, (_, vcpu) => vcpu),
              max_memkb: maxMemory,
              target_memkb: memory,
              kernel: "/guests/vmlinuz",
              [`type.${type}`]: {},
            },
          },
        })),
    );
  }

  #vcpus(wanted: string | undefined): string {
    const chosen = wanted === undefined ? [...this.#domains.values()] : [this.#find(wanted)];
    const rows = chosen.flatMap(({ id, name, vcpus, maxVcpus, affinity, began }) =>
      Array.from({ length: maxVcpus }, (_, vcpu) => {
        const time = ((performance.now() - began) / 1000).toFixed(1);
        const where = vcpu < vcpus ? "0 r--" : "- --p";
        return `${name} ${id} ${vcpu} ${where} ${time}  ${affinity.get(vcpu) ?? "all"} / all`;
      }),
    );
    return ["Name ID VCPU CPU State Time(s) Affinity (Hard / Soft)", ...rows].join("\n");
  }

  #schedule(args: readonly string[]): string {
    const option = (name: string) => {
      const at = args.indexOf(name);
      return at < 0 ? undefined : args[at + 1];
    };
    const domain = this.#find(option("-d"));
    const [weight, cap] = [option("-w"), option("-c")];
    if (Number(weight) > 65535) throw new Refusal("libxl: error: Weight out of range");
    domain.weight = Number(weight ?? domain.weight);
    domain.cap = Number(cap ?? domain.cap);
    return `Name ID Weight Cap\n${domain.name} ${domain.id} ${domain.weight} ${domain.cap}`;
  }

  async #create(args: readonly string[]): Promise<void> {
    const text = await readFile(args.at(-1) ?? "", "utf8");
    const word = (name: string) => new RegExp(`^${name} *= *"?([^"\\n]*)"?`, "m").exec(text)?.[1];
    const memory = Number(word("memory") ?? 128) * 1024;
    const vcpus = Number(word("vcpus") ?? 1);
    this.#begin(args.includes("-p"), {
      name: word("name") ?? "",
      uuid: word("uuid") ?? "",
      type: word("type") ?? (word("builder") === "hvm" ? "hvm" : "pv"),
      memory,
      maxMemory: Number(word("maxmem") ?? 0) * 1024 || memory,
      vcpus,
      maxVcpus: Number(word("maxvcpus") ?? vcpus),
    });
  }

  #begin(paused: boolean, config: Config): void {
    for (const { name } of this.#domains.values())
      if (name === config.name) throw new Refusal(`A domain with name "${name}" already exists.`);
    const id = ++this.#lastId;
    this.#domains.set(id, { ...made(id, config), state: paused ? "paused" : "running" });
    this.#tell("@introduceDomain");
  }

  #remove({ id }: StandInDomain): void {
    this.#domains.delete(id);
    this.#tell("@releaseDomain");
  }

  #state(id: string | undefined, state: "running" | "paused"): void {
    this.#find(id).state = state;
  }

  /** A guest takes a moment to shut down. */
  #obey(id: string | undefined, reason: number): void {
    const domain = this.#find(id);
    setTimeout(() => {
      if (this.#domains.get(domain.id) === domain) this.end(domain.id, reason);
    }, 20).unref();
  }

  async #save(domain: StandInDomain, path: string): Promise<void> {
    const { name, uuid, type, memory, maxMemory, vcpus, maxVcpus } = domain;
    const config: Config = { name, uuid, type, memory, maxMemory, vcpus, maxVcpus };
    await writeFile(path, `Xen saved domain, xl format\n ${JSON.stringify(config)}\n`);
    this.#remove(domain);
  }

  async #restore(args: readonly string[]): Promise<void> {
    const path = args.at(-1) ?? "";
    await stat(path);
    const [head, line = ""] = (await readFile(path, "utf8")).split("\n");
    if (head !== "Xen saved domain, xl format")
      throw new Refusal("File has wrong magic number - corrupt or for a different tool?");
    this.#begin(args.includes("-p"), JSON.parse(line) as Config);
  }

  /** To this host itself: the domain goes on under another id. */
  #migrate(id: string | undefined): void {
    const domain = this.#find(id);
    this.#domains.delete(domain.id);
    const next = ++this.#lastId;
    this.#domains.set(next, { ...domain, id: next });
    this.#tell("@introduceDomain");
    this.#tell("@releaseDomain");
  }
}

type Config = Pick<StandInDomain, "name" | "uuid" | "type" | "memory" | "maxMemory" | "vcpus" | "maxVcpus">;

function made(id: number, config: Config): StandInDomain {
  const rest = { state: "running", reason: undefined, weight: 256, cap: 0 } as const;
  return { id, ...config, ...rest, affinity: new Map(), began: performance.now() };
}
