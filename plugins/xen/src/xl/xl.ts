import { VirtError } from "@polyvisor/core";
import { shellWord } from "@polyvisor/sdk/process";
import { xenError } from "../errors.js";
import type { CommandOptions, CommandResult, Dom0, Words } from "../transport/index.js";
import { parseInfo, type XenInfo } from "./info.js";
import { type DomainRow, parseList, parseSchedule, parseVcpuList, type Schedule, type VcpuRow } from "./table.js";

/** How a restore or a start is asked for. */
export interface Begin {
  readonly paused: boolean;
}

/** The programs of one dom0, as far as this driver runs them. */
export class Xl {
  /** The program, as a word of a shell's command line. */
  readonly word: string;
  readonly #program: string;
  readonly #dom0: Dom0;
  /** Milliseconds that a start, a save and the like may take. */
  readonly #patience: number;

  constructor(dom0: Dom0, program: string, patience: number) {
    this.#program = program;
    this.word = shellWord(program);
    this.#dom0 = dom0;
    this.#patience = patience;
  }

  /** Runs xl; what it wrote. Fails with `INTERNAL_ERROR`: `failure`, and what xl says. */
  async run(words: readonly string[], failure: string, options?: CommandOptions): Promise<string> {
    return this.#checked(await this.#dom0.run([this.#program, ...words], options), failure);
  }

  /** The same for what takes its time. */
  runLong(words: readonly string[], failure: string, signal?: AbortSignal): Promise<string> {
    return this.run(words, failure, { deadline: this.#patience, ...(signal && { signal }) });
  }

  /** Runs a script in dom0's shell, with what takes its time in it. */
  async script(text: string, failure: string, options: CommandOptions = {}): Promise<string> {
    const result = await this.#dom0.run(["sh", "-c", text], { deadline: this.#patience, ...options });
    return this.#checked(result, failure);
  }

  async info(): Promise<XenInfo> {
    return parseInfo(await this.run(["info", "-n"], "Failed to get version info from libxenlight"));
  }

  /** xl fails where a domain goes away while it lists them: it is asked twice. */
  async list(): Promise<DomainRow[]> {
    const failure = "Failed to list domains with libxenlight";
    const list = () => this.run(["list", "-v"], failure);
    return parseList(await list().catch(list));
  }

  /** The configurations of the domains that run, or of one of them, as xl prints them: elements with `domid` and `config`. */
  async configurations(id?: number): Promise<readonly { readonly domid: number; readonly config: unknown }[]> {
    const words = id === undefined ? ["list", "-l"] : ["list", "-l", String(id)];
    const text = await this.run(words, "Failed to list domains with libxenlight");
    return readConfigurations(text);
  }

  async vcpus(id?: number): Promise<VcpuRow[]> {
    const words = id === undefined ? ["vcpu-list"] : ["vcpu-list", String(id)];
    return parseVcpuList(await this.run(words, "Failed to list vcpus with libxenlight"));
  }

  async schedule(scheduler: string, id: number): Promise<Schedule> {
    const failure = `Failed to get scheduler parameters for domain '${id}' with libxenlight`;
    const found = parseSchedule(await this.run([`sched-${scheduler}`, "-d", String(id)], failure), id);
    if (found === undefined) throw xenError("INTERNAL_ERROR", failure, "the domain may be gone");
    return found;
  }

  /** Starts a domain; all that run afterwards. Nothing of it is left where it fails: xl cleans up. */
  async create(config: string, { paused }: Begin): Promise<DomainRow[]> {
    const create = `${this.word} create -e -q${paused ? " -p" : ""} "$f"`;
    const output = await this.script(
      `${WITH_FILE}${create} && ${this.word} ${LIST}`,
      "libxenlight failed to create new domain",
      {
        input: config,
      },
    );
    return parseList(output);
  }

  /** Restores a domain; all that run afterwards. `config` takes the place of what the file says. */
  async restore(path: string, config: string | undefined, { paused }: Begin): Promise<DomainRow[]> {
    const words = `${this.word} restore -e${paused ? " -p" : ""}`;
    const failure = "libxenlight failed to restore domain";
    const file = shellWord(path);
    const text = config === undefined ? `${words} ${file}` : `${WITH_FILE}${words} "$f" ${file}`;
    return parseList(await this.script(`${text} >&2 && ${this.word} ${LIST}`, failure, { input: config ?? "" }));
  }

  #checked({ status, stdout, stderr }: CommandResult, failure: string): string {
    if (status === 0) return stdout;
    const reason = reasonIn(`${stderr}\n${stdout}`) ?? `status ${status}`;
    throw new VirtError("INTERNAL_ERROR", `${failure}: ${reason}`, {
      domain: "LIBXL",
      hint: "xl in dom0, and the logs in /var/log/xen there, say more",
    });
  }
}

/** xl takes configurations from plain files alone. */
const WITH_FILE = 'f=$(mktemp) && trap \'rm -f "$f"\' EXIT && cat >"$f" && ';
const LIST = "list -v";

/** The last thing that xl complains about; what it says of where in its sources is of no use. */
export function reasonIn(output: string): string | undefined {
  const lines = output.split("\n").map((line) => line.trim());
  const telling = lines.filter((line) => line !== "" && !/^(Parsing config|libxl: (info|debug|detail))/.test(line));
  const errors = telling.filter((line) => /error|fail|cannot|unable|invalid/i.test(line));
  const words = errors[0] ?? telling.at(-1);
  return words?.replace(/^libxl: \w+: [\w.]+:\d+:\w+: /, "");
}

/** Fails with `INTERNAL_ERROR` where it is not what `xl list -l` prints. */
export function readConfigurations(text: string): { domid: number; config: unknown }[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw xenError("INTERNAL_ERROR", `xl list -l printed no JSON: ${(cause as Error).message}`);
  }
  return (Array.isArray(list) ? list : [list]).flatMap((each: unknown) => {
    if (typeof each !== "object" || each === null) return [];
    const { domid, config } = each as { readonly domid?: unknown; readonly config?: unknown };
    return typeof domid === "number" && typeof config === "object" && config !== null ? [{ domid, config }] : [];
  });
}

export type { Words };
