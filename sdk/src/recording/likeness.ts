import { isList, type Plain } from "./lines.js";

/**
 * What a text may hold that differs by nature: UUIDs, MAC addresses, pseudo-terminals, the ids of domains, and of snapshots
 * when they were made, which is the name of those that were given none.
 */
const TOKENS: readonly (readonly [kind: string, pattern: string])[] = [
  ["uuid", "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"],
  ["mac", "(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"],
  ["pty", "/dev/pts/\\d+"],
  ["id", "(?<=<domain [^>]*\\bid=['\"])\\d+"],
  ["time", "(?<=<creationTime>)\\d+"],
  ["stamp", "(?<=^|<name>)1\\d{9}(?=$|</name>)"],
];
const TOKEN = new RegExp(TOKENS.map(([kind, pattern]) => `(?<${kind}>${pattern})`).join("|"), "gi");

/** Fields with numbers that the other side gives out. */
const NUMBER_KINDS: Readonly<Record<string, string>> = { id: "id", ids: "id", callbackID: "registration" };

/** Fields, and typed parameters, with times. */
const IS_TIME = /(^|[._])(time|seconds|nseconds|timestamp|age)$|Time$/;

/** Calls whose numbers are measured: that they are there is all that can be compared. */
const MEASURES =
  /^(nodeGet(CPUStats|MemoryStats|FreeMemory|CellsFreeMemory|FreePages)|domain(GetCPUStats|MemoryStats|BlockStats|BlockStatsFlags|InterfaceStats|GetJobInfo|GetJobStats|ListGetStats)|connectGetAllDomainStats|storagePoolGetInfo|storageVolGetInfo(Flags)?)$/;

/** One place where the replay was answered otherwise. */
export interface Unlike {
  /** Such as `params[2].value`; empty for the whole. */
  readonly path: string;
  readonly recorded: Plain | undefined;
  readonly replayed: Plain | undefined;
}

/**
 * What of a recording stands for what of its replay. Each value that differs by nature is learnt where it is first met,
 * and has to stand for the same one ever after.
 */
export class Likeness {
  readonly #there = new Map<string, string>();
  readonly #back = new Map<string, string>();

  /** A value of which it is known what stands for it. */
  learn(kind: string, recorded: string, replayed: string): void {
    this.#there.set(`${kind} ${recorded.toLowerCase()}`, replayed.toLowerCase());
    this.#back.set(`${kind} ${replayed.toLowerCase()}`, recorded.toLowerCase());
  }

  /** Arguments for the replay, out of recorded ones. What is not known is the recorded client's own, and stays as it is. */
  translate(args: Plain, name = ""): Plain {
    if (typeof args === "string") return args.replace(TOKEN, (...found) => this.#translated(kindIn(found), found[0]));
    const kind = NUMBER_KINDS[name];
    if (typeof args === "number") return kind === undefined ? args : Number(this.#translated(kind, String(args)));
    if (typeof args !== "object" || args === null) return args;
    if (isList(args)) return args.map((entry) => this.translate(entry, name));
    return mapFields(args, (entry, field) => this.translate(entry, field));
  }

  /** Where two answers to `call`, or two bodies of an event, differ. */
  compare(call: string, recorded: Plain, replayed: Plain): readonly Unlike[] {
    return [...this.#compare({ path: "", name: "", measured: MEASURES.test(call) }, recorded, replayed)];
  }

  *#compare(at: At, recorded: Plain | undefined, replayed: Plain | undefined): Iterable<Unlike> {
    if (isFields(recorded) && isFields(replayed)) yield* this.#compareFields(at, recorded, replayed);
    else if (recorded !== undefined && replayed !== undefined && isList(recorded) && isList(replayed))
      yield* this.#compareLists(at, recorded, replayed);
    else if (!this.#alike(at, recorded, replayed)) yield { path: at.path, recorded, replayed };
  }

  *#compareFields(at: At, recorded: Fields, replayed: Fields): Iterable<Unlike> {
    const param = typeof recorded.field === "string" && recorded.field === replayed.field ? recorded.field : undefined;
    for (const field of new Set([...Object.keys(recorded), ...Object.keys(replayed)])) {
      const name = field === "value" && param !== undefined ? param : field;
      yield* this.#compare(inside(at, `.${field}`, name), recorded[field], replayed[field]);
    }
  }

  *#compareLists(at: At, recorded: readonly Plain[], replayed: readonly Plain[]): Iterable<Unlike> {
    if (recorded.length !== replayed.length) {
      yield { path: `${at.path}.length`, recorded: recorded.length, replayed: replayed.length };
      return;
    }
    const sorted = ordered(replayed, at.name);
    for (const [index, entry] of ordered(recorded, at.name).entries())
      yield* this.#compare(inside(at, `[${index}]`, at.name), entry, sorted[index]);
  }

  #alike(at: At, recorded: Plain | undefined, replayed: Plain | undefined): boolean {
    if (typeof recorded === "string" && typeof replayed === "string") return this.#alikeTexts(recorded, replayed);
    if (numberIn(recorded) === undefined || numberIn(replayed) === undefined) return recorded === replayed;
    if (at.measured || IS_TIME.test(at.name)) return true;
    const kind = NUMBER_KINDS[at.name];
    const [was, is] = [String(numberIn(recorded)), String(numberIn(replayed))];
    if (kind === undefined || was.startsWith("-") || is.startsWith("-")) return was === is;
    return this.#stands(kind, was, is);
  }

  #alikeTexts(recorded: string, replayed: string): boolean {
    if (this.#there.get(`text ${recorded.toLowerCase()}`) === replayed.toLowerCase()) return true;
    if (recorded.replace(TOKEN, "") !== replayed.replace(TOKEN, "")) return false;
    const others = [...replayed.matchAll(TOKEN)];
    return [...recorded.matchAll(TOKEN)].every((token, index) => {
      const other = others[index];
      const kind = kindOf(token.groups);
      return other !== undefined && kind === kindOf(other.groups) && this.#stands(kind, token[0], other[0]);
    });
  }

  #stands(kind: string, recorded: string, replayed: string): boolean {
    if (kind === "time") return true;
    const [there, back] = [
      this.#there.get(`${kind} ${recorded.toLowerCase()}`),
      this.#back.get(`${kind} ${replayed.toLowerCase()}`),
    ];
    if (there === undefined && back === undefined) this.learn(kind, recorded, replayed);
    else if (kind === "uuid" || kind === "mac")
      return there === replayed.toLowerCase() && back === recorded.toLowerCase();
    // Ids, terminals and registrations are given out again; the last one counts.
    else this.learn(kind, recorded, replayed);
    return true;
  }

  #translated(kind: string, recorded: string): string {
    const known = this.#there.get(`${kind} ${recorded.toLowerCase()}`);
    if (known !== undefined) return known;
    if (kind === "uuid" || kind === "mac") this.learn(kind, recorded, recorded);
    return recorded;
  }
}

interface At {
  readonly path: string;
  /** Of the field, or of the typed parameter whose value this is. */
  readonly name: string;
  readonly measured: boolean;
}

type Fields = { readonly [name: string]: Plain };

function inside(at: At, step: string, name: string): At {
  return { path: `${at.path}${step}`.replace(/^\./, ""), name, measured: at.measured };
}

/** A number, whichever way it is written; `undefined` for anything else. */
function numberIn(plain: Plain | undefined): Plain | undefined {
  if (typeof plain === "number") return plain;
  return isObject(plain) ? plain.$integer : undefined;
}

function isFields(plain: Plain | undefined): plain is Fields {
  return isObject(plain) && numberIn(plain) === undefined;
}

function isObject(plain: Plain | undefined): plain is Fields {
  return typeof plain === "object" && plain !== null && !isList(plain);
}

function mapFields(fields: Fields, map: (entry: Plain, name: string) => Plain): Plain {
  return Object.fromEntries(Object.entries(fields).map(([name, entry]) => [name, map(entry, name)]));
}

/** The order of names, ids and objects in a list is nothing that a driver promises. */
function ordered(list: readonly Plain[], field: string): readonly Plain[] {
  if (field === "ids") return (list as readonly number[]).toSorted((a, b) => a - b);
  if (list.some((entry) => nameIn(entry) === undefined)) return list;
  return list.toSorted((a, b) => compareTexts(nameIn(a) as string, nameIn(b) as string));
}

function nameIn(entry: Plain): string | undefined {
  if (typeof entry === "string") return entry;
  if (!isObject(entry)) return undefined;
  const { name, dom } = entry;
  if (typeof name === "string") return name;
  return dom === undefined ? undefined : nameIn(dom);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function kindOf(groups: Readonly<Record<string, string | undefined>> | undefined): string {
  return Object.entries(groups ?? {}).find(([, text]) => text !== undefined)?.[0] ?? "";
}

/** The kind of token that a replacer was called with: its last argument holds the groups. */
function kindIn(found: readonly unknown[]): string {
  return kindOf(found.at(-1) as Readonly<Record<string, string | undefined>>);
}
