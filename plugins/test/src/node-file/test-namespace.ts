import { DOMAIN_STATE, VirtError } from "@polyvisor/core";
import type { NamespaceHooks } from "@polyvisor/sdk/conf/domain";
import { parseInteger, textOf, unknownElement, type XmlElement } from "@polyvisor/sdk/xml";

export const TEST_NAMESPACE = "http://libvirt.org/schemas/domain/test/1.0";

const NAMES = new Set(["runstate", "transient", "hasmanagedsave", "domainsnapshot"]);

/** What libvirt's own namespace says of a domain in a node's file. */
export interface WrittenState {
  /** Of `DOMAIN_STATE`. */
  readonly state: number;
  readonly transient: boolean;
  readonly hasManagedSave: boolean;
  readonly snapshots: readonly XmlElement[];
}

/** A document that is defined may say it, too: it is checked then, and has no effect, as in libvirt. */
export const TEST_NAMESPACE_HOOKS: NamespaceHooks = {
  prefix: "test",
  uri: TEST_NAMESPACE,
  parse(elements) {
    readState(elements);
    return [];
  },
};

/** What elements in libvirt's namespace for this driver say. Throws `XML_ERROR`. */
export function readState(elements: readonly XmlElement[]): WrittenState {
  for (const element of elements) {
    if (!NAMES.has(localName(element))) throw unknownElement(element, "domain", NAMES);
  }
  const named = (name: string) => elements.filter((element) => localName(element) === name);
  const [runstate] = named("runstate");
  const state = runstate === undefined ? DOMAIN_STATE.RUNNING : stateIn(runstate);
  const transient = named("transient").length > 0;
  const hasManagedSave = named("hasmanagedsave").length > 0;
  if (transient && state === DOMAIN_STATE.SHUTOFF) {
    throw wrong(
      "transient domain cannot have runstate 'shutoff'",
      "leave <transient/> out, or choose another runstate",
    );
  }
  if (hasManagedSave && state !== DOMAIN_STATE.SHUTOFF) {
    throw wrong("domain with managedsave data can only have runstate 'shutoff'", "write <runstate>5</runstate>");
  }
  return { state, transient, hasManagedSave, snapshots: named("domainsnapshot") };
}

function stateIn(element: XmlElement): number {
  const text = textOf(element);
  if (text === "") return DOMAIN_STATE.RUNNING;
  const state = parseInteger(text.trim());
  if (state === undefined) throw wrong("invalid runstate", "write a number: 1 runs, 3 is paused, 5 is off");
  const known = Object.values<number>(DOMAIN_STATE).includes(state);
  if (!known) throw wrong(`runstate '${state}' out of range'`, "write a number: 1 runs, 3 is paused, 5 is off");
  return state;
}

function localName({ name }: XmlElement): string {
  return name.slice(name.indexOf(":") + 1);
}

function wrong(detail: string, hint: string): VirtError {
  return new VirtError("XML_ERROR", detail, { domain: "TEST", hint });
}
