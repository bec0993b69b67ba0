import { setTimeout as delay } from "node:timers/promises";
import { VirtError } from "@polyvisor/core";
import type { RpcClient } from "../rpc/client.js";
import { Likeness, type Unlike } from "./likeness.js";
import {
  fromPlain,
  type Plain,
  type RecordedAnswer,
  type RecordedCall,
  type RecordedError,
  type RecordedEvent,
  type RecordedLine,
  type Recording,
  toPlain,
} from "./lines.js";
import { callNamed, MESSAGES, type NamedCall } from "./wire-names.js";

export interface ReplayOptions {
  /** Connects to the daemon that is to answer; called once for each client of the recording. */
  connect(): Promise<RpcClient>;
  /** What is opened in place of what the recording opened; `null` means the daemon's choice. */
  readonly uri: string | null;
  /** Calls and events whose answers count for nothing; the calls are made all the same. */
  readonly ignored?: ReadonlySet<string>;
  /** How long an answer, and an event, is waited for, in milliseconds. */
  readonly answerMs: number;
  readonly eventMs: number;
}

export interface Difference {
  /** The line of the recording, counted from 1; 0 for what has none. */
  readonly line: number;
  readonly says: string;
}

export interface ReplayReport {
  readonly calls: number;
  readonly events: number;
  readonly differences: readonly Difference[];
  /** Calls that were not made, and why. */
  readonly leftOut: readonly { readonly line: number; readonly call: string; readonly why: string }[];
}

type Outcome = { readonly answer: Plain } | { readonly error: { readonly code: string; readonly message: string } };

interface Made {
  readonly line: number;
  readonly call: string;
  readonly outcome: Promise<Outcome | undefined>;
}

type Came = Pick<RecordedEvent, "event" | "body">;

interface ReplayClient {
  readonly rpc: RpcClient;
  readonly made: Map<number, Made>;
  /** Events that were recorded so far, with their lines, and those that came. */
  readonly expected: { readonly line: number; readonly event: RecordedEvent }[];
  readonly came: Came[];
  /** An event did not come in time: the others are not waited for. */
  gaveUp: boolean;
}

/**
 * Makes the calls of a recording again, and says where the answers differ. A call is made when everything has been answered
 * that had been answered before it in the recording, and the events have come that had come.
 */
export async function replay({ head, lines }: Recording, options: ReplayOptions): Promise<ReplayReport> {
  const run = new Replay(options, head.uri);
  try {
    // The first line is the head.
    for (const [index, line] of lines.entries()) if (!(await run.take(line, index + 2))) break;
    await run.finish();
  } finally {
    await run.close();
  }
  return run.report;
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #likeness = new Likeness();
  readonly #clients = new Map<number, ReplayClient>();
  readonly #differences: Difference[] = [];
  readonly #leftOut: ReplayReport["leftOut"][number][] = [];
  #calls = 0;
  #events = 0;

  constructor(options: ReplayOptions, recordedUri: string) {
    this.#options = options;
    if (options.uri !== null) this.#likeness.learn("text", recordedUri, options.uri);
  }

  get report(): ReplayReport {
    const differences = this.#differences.toSorted((a, b) => a.line - b.line);
    return { calls: this.#calls, events: this.#events, differences, leftOut: this.#leftOut };
  }

  /** False where there is no use in going on. */
  async take(line: RecordedLine, number: number): Promise<boolean> {
    if ("call" in line) await this.#call(line, number);
    else if ("event" in line) (await this.#client(line.client)).expected.push({ line: number, event: line });
    else if ("closed" in line) await this.#end(line.client);
    else return this.#answered(line, number);
    return true;
  }

  async finish(): Promise<void> {
    for (const number of [...this.#clients.keys()]) await this.#end(number);
  }

  async close(): Promise<void> {
    for (const { rpc } of this.#clients.values()) await rpc.close();
  }

  async #client(number: number): Promise<ReplayClient> {
    const found = this.#clients.get(number);
    if (found !== undefined) return found;
    const rpc = await this.#options.connect();
    const client: ReplayClient = { rpc, made: new Map(), expected: [], came: [], gaveUp: false };
    for (const { program, name, ...message } of MESSAGES)
      rpc.onMessage(program, message, (body) => void client.came.push({ event: name, body: toPlain(body) }));
    this.#clients.set(number, client);
    return client;
  }

  async #call(line: RecordedCall, number: number): Promise<void> {
    const named = callNamed(line.call);
    const why = whyLeftOut(named, line);
    if (named === undefined || why !== undefined) {
      if (why !== "") this.#leftOut.push({ line: number, call: line.call, why: why ?? "there is no such call here" });
      return;
    }
    const client = await this.#client(line.client);
    await this.#awaitEvents(client);
    const args = this.#argsOf(line);
    this.#calls++;
    client.made.set(line.serial, { line: number, call: line.call, outcome: this.#make(client.rpc, named, args) });
  }

  #argsOf({ call, args = {} }: RecordedCall): Plain {
    if (call !== "connectOpen") return this.#likeness.translate(args);
    const fields = args as { readonly name: Plain };
    if (typeof fields.name === "string" && this.#options.uri !== null)
      this.#likeness.learn("text", fields.name, this.#options.uri);
    return { ...fields, name: this.#options.uri };
  }

  /** What came of it; `undefined` where nothing did in time. */
  async #make(rpc: RpcClient, { program, call }: NamedCall, args: Plain): Promise<Outcome | undefined> {
    // The recording has what the wire carried, and not the shape that callers see.
    const made = rpc.call(program, { ...call, shape: undefined }, fromPlain(args)).then(
      (answer): Outcome => ({ answer: toPlain(answer ?? {}) }),
      (error: unknown): Outcome => ({ error: { code: VirtError.from(error).code, message: (error as Error).message } }),
    );
    const stop = new AbortController();
    const late = delay(this.#options.answerMs, undefined, { signal: stop.signal }).catch(() => undefined);
    const outcome = await Promise.race([made, late]);
    stop.abort();
    return outcome;
  }

  async #answered(line: RecordedAnswer | RecordedError, number: number): Promise<boolean> {
    const client = this.#clients.get(line.client);
    const made = client?.made.get(line.serial);
    if (made === undefined) return true;
    client?.made.delete(line.serial);
    const outcome = await made.outcome;
    if (outcome === undefined) {
      this.#differ(made.line, `${made.call}: was answered, and is not any more; what follows was not tried`);
      return false;
    }
    if (this.#options.ignored?.has(made.call)) return true;
    for (const says of this.#unlike(made.call, line, outcome)) this.#differ(number, `${made.call}: ${says}`);
    return true;
  }

  #unlike(call: string, recorded: RecordedAnswer | RecordedError, outcome: Outcome): readonly string[] {
    if ("error" in recorded && "error" in outcome) {
      const [was, is] = [recorded.error, outcome.error];
      return was.code === is.code ? [] : [`failed with ${was.code}, and fails with ${is.code}: ${is.message}`];
    }
    if ("error" in outcome) return [`succeeded, and fails with ${outcome.error.code}: ${outcome.error.message}`];
    if ("error" in recorded) return [`failed with ${recorded.error.code}, and succeeds`];
    return this.#likeness.compare(call, recorded.answer, outcome.answer).map(describeUnlike);
  }

  async #end(number: number): Promise<void> {
    const client = this.#clients.get(number);
    if (client === undefined) return;
    await this.#awaitEvents(client);
    this.#clients.delete(number);
    await client.rpc.close();
    this.#compareEvents(client);
  }

  async #awaitEvents(client: ReplayClient): Promise<void> {
    const end = performance.now() + this.#options.eventMs;
    while (!client.gaveUp && client.came.length < client.expected.length) {
      if (performance.now() > end) client.gaveUp = true;
      else await delay(POLL_MS);
    }
  }

  /** Where one is missing or too many, the ones behind it are compared all the same. */
  #compareEvents({ expected, came }: ReplayClient): void {
    const wanted = expected.filter(({ event }) => !this.#options.ignored?.has(event.event));
    const left = came.filter(({ event }) => !this.#options.ignored?.has(event));
    for (const { line, event } of wanted) {
      this.#events++;
      const index = left.findIndex((each) => isSameHappening(event, each));
      if (index < 0) this.#differ(line, `the event ${event.event} did not come: ${JSON.stringify(event.body)}`);
      else this.#compareEvent(line, event, left.splice(0, index + 1));
    }
    this.#tooMany(left);
  }

  /** The last of those that came is the recorded one; those before it were not recorded there. */
  #compareEvent(line: number, recorded: RecordedEvent, came: readonly Came[]): void {
    const { body } = came.at(-1) as Came;
    this.#tooMany(came.slice(0, -1));
    for (const unlike of this.#likeness.compare(recorded.event, recorded.body, body))
      this.#differ(line, `the event ${recorded.event}: ${describeUnlike(unlike)}`);
  }

  #tooMany(events: readonly Came[]): void {
    for (const { event, body } of events)
      this.#differ(0, `an event ${event} came that was not recorded there: ${JSON.stringify(body)}`);
  }

  #differ(line: number, says: string): void {
    this.#differences.push({ line, says });
  }
}

const POLL_MS = 5;

/** Whether both are about one step of one object; what else they say is compared then. */
function isSameHappening(a: Came, b: Came): boolean {
  return a.event === b.event && aboutOf(a) === aboutOf(b);
}

function aboutOf({ body }: Came): string {
  const { dom, object, event } = body as Readonly<Record<string, { readonly name?: Plain } | undefined>>;
  return JSON.stringify([(dom ?? object)?.name, event]);
}

/** Empty for what is of no interest. */
function whyLeftOut(named: NamedCall | undefined, { call, problem }: RecordedCall): string | undefined {
  if (call === "connectSupportsFeature") return "";
  if (problem !== undefined) return problem;
  if (named?.call.stream !== undefined) return "it opens a stream";
  return named?.call.descriptors === undefined ? undefined : "it passes open files";
}

function describeUnlike({ path, recorded, replayed }: Unlike): string {
  return `${path}: ${show(recorded)} was recorded, ${show(replayed)} came`;
}

function show(plain: Plain | undefined): string {
  return plain === undefined ? "nothing" : JSON.stringify(plain);
}
