import { DOMAIN_EVENT_KINDS, type DomainEventKind, ERRORS, type ErrorName, VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf";
import {
  attribute,
  childElements,
  errorAt,
  isElement,
  nearest,
  oneOf,
  type XmlElement,
  yesNoAttribute,
} from "@polyvisor/sdk/xml";

/** The namespace of the element in a domain's `<metadata>` that says how its guest behaves. */
export const BEHAVIOUR_NAMESPACE = "urn:polyvisor:test:1";

/** What can be made to take time, to hang and to fail. */
export const OPERATIONS = ["save", "dump", "backup", "block-pull", "block-copy", "block-commit"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** How a call is to fail. */
export interface Failure {
  readonly code: ErrorName;
  readonly message: string;
}

/** How a job goes. */
export interface Course {
  /** How long it takes; of one that hangs, nobody knows. */
  readonly seconds: number;
  readonly ending: "completes" | "hangs" | Failure;
}

/** How a guest behaves that exists in name only. */
export interface Behaviour {
  /** Every start fails with this. */
  readonly start: Failure | undefined;
  readonly agentAnswers: boolean;
  /** Of the operations that do not go as usual. */
  readonly jobs: ReadonlyMap<Operation, Course>;
  /** Seconds by which events are late. */
  readonly late: ReadonlyMap<DomainEventKind, number>;
}

const USUAL: Behaviour = { start: undefined, agentAnswers: true, jobs: new Map(), late: new Map() };

/** Where nothing is said: what libvirt's test driver does at once is done at once, and the rest shows its progress. */
const USUAL_SECONDS: Readonly<Record<Operation, number>> = {
  save: 0,
  dump: 0,
  backup: 1,
  "block-pull": 1,
  "block-copy": 1,
  "block-commit": 1,
};

const DAY = 86400;
const LATEST = 600;

const read = new WeakMap<XmlElement, Behaviour>();

/** How the guest of a configuration behaves. Throws `XML_ERROR` at what is no good in the configuration's `<metadata>`. */
export function behaviourOf({ metadata }: Config): Behaviour {
  for (const element of (metadata ?? []).flatMap(({ children }) => children)) {
    if (isElement(element) && element.uri === BEHAVIOUR_NAMESPACE) return readBehaviour(element);
  }
  return USUAL;
}

export function courseOf(config: Config, operation: Operation): Course {
  return behaviourOf(config).jobs.get(operation) ?? { seconds: USUAL_SECONDS[operation], ending: "completes" };
}

/** Seconds by which an event of a domain is late. */
export function latenessOf(config: Config, kind: DomainEventKind): number {
  return behaviourOf(config).late.get(kind) ?? 0;
}

export function failureOf({ code, message }: Failure): VirtError {
  return new VirtError(code, message, { domain: "TEST", hint: "the domain's <metadata> wants it so" });
}

/** Reads the element. Throws where anything in it is not known: a word that is misspelt would have no effect. */
export function readBehaviour(element: XmlElement): Behaviour {
  const known = read.get(element);
  if (known !== undefined) return known;
  expectName(element, ["behaviour"]);
  expectAttributes(element, []);
  const jobs = new Map<Operation, Course>();
  const late = new Map<DomainEventKind, number>();
  let start: Failure | undefined;
  let agentAnswers = true;
  for (const each of childElements(element)) {
    const name = expectName(each, ["start", "job", "event", "agent"]);
    if (name === "start") start = readStart(each);
    else if (name === "agent") agentAnswers = readAgent(each);
    else if (name === "job") jobs.set(readOperation(each), readCourse(each));
    else for (const kind of readKinds(each)) late.set(kind, requiredSeconds(each));
  }
  const behaviour = { start, agentAnswers, jobs, late };
  read.set(element, behaviour);
  return behaviour;
}

function readStart(element: XmlElement): Failure {
  expectAttributes(element, ["fails", "code"]);
  const failure = readFailure(element);
  if (failure === undefined) throw wrong(element, "missing 'fails' attribute of 'start'", "Add fails='what to say'.");
  return failure;
}

function readAgent(element: XmlElement): boolean {
  expectAttributes(element, ["answers"]);
  return yesNoAttribute(element, "answers") !== "no";
}

function readOperation(element: XmlElement): Operation {
  expectAttributes(element, ["operation", "seconds", "hangs", "fails", "code"]);
  return required(element, "operation", OPERATIONS);
}

function readCourse(element: XmlElement): Course {
  const failure = readFailure(element);
  const hangs = yesNoAttribute(element, "hangs") === "yes";
  if (hangs && failure !== undefined) throw wrong(element, "a job cannot both hang and fail", "Choose one of both.");
  return { seconds: readSeconds(element, DAY) ?? 0, ending: failure ?? (hangs ? "hangs" : "completes") };
}

function readFailure(element: XmlElement): Failure | undefined {
  const message = attribute(element, "fails");
  const code = attribute(element, "code");
  if (message === undefined) {
    if (code === undefined) return undefined;
    throw wrong(element, "'code' without 'fails'", "Add fails='what to say'.");
  }
  if (code === undefined) return { code: "OPERATION_FAILED", message };
  if (Object.hasOwn(ERRORS, code)) return { code: code as ErrorName, message };
  const close = nearest(code, Object.keys(ERRORS));
  const hint = close === undefined ? "Write libvirt's name without VIR_ERR_." : `Did you mean '${close}'?`;
  throw wrong(element, `unknown error code '${code}'`, hint);
}

function readKinds(element: XmlElement): readonly DomainEventKind[] {
  expectAttributes(element, ["kind", "seconds"]);
  const kind = required(element, "kind", ["all", ...DOMAIN_EVENT_KINDS]);
  return kind === "all" ? DOMAIN_EVENT_KINDS : [kind];
}

function requiredSeconds(element: XmlElement): number {
  const seconds = readSeconds(element, LATEST);
  if (seconds !== undefined) return seconds;
  throw wrong(element, "missing 'seconds' attribute of 'event'", "Add seconds='2.5'.");
}

function readSeconds(element: XmlElement, most: number): number | undefined {
  const text = attribute(element, "seconds");
  if (text === undefined) return undefined;
  const seconds = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= most) return seconds;
  throw wrong(element, `invalid number of seconds '${text}'`, `Write a number from 0 to ${most}, such as 2.5.`);
}

function required<const T extends string>(element: XmlElement, name: string, words: readonly T[]): T {
  const value = attribute(element, name);
  for (const word of words) {
    if (word === value) return word;
  }
  const local = localName(element);
  if (value === undefined) throw wrong(element, `missing '${name}' attribute of '${local}'`, oneOf("", words));
  throw wrong(element, `unknown ${name} '${value}' of '${local}'`, oneOf(value, words));
}

function expectName<const T extends string>(element: XmlElement, names: readonly T[]): T {
  const local = localName(element);
  for (const name of names) {
    if (name === local && element.uri === BEHAVIOUR_NAMESPACE) return name;
  }
  throw wrong(element, `unknown element '${element.name}' of the test driver's behaviour`, oneOf(local, names));
}

function expectAttributes(element: XmlElement, names: readonly string[]): void {
  for (const { name } of element.attributes) {
    if (names.includes(name) || name === "xmlns" || name.startsWith("xmlns:")) continue;
    const hint = names.length === 0 ? "Leave it out." : oneOf(name, names);
    throw wrong(element, `unknown attribute '${name}' of '${localName(element)}'`, hint);
  }
}

function localName({ name }: XmlElement): string {
  return name.slice(name.indexOf(":") + 1);
}

function wrong(element: XmlElement, detail: string, hint: string): VirtError {
  return errorAt(element, "XML_ERROR", detail, hint, "TEST");
}
