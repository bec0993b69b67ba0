import { VirtError } from "@polyvisor/core";
import type { XmlElement } from "../../../xml/index.js";
import type { Network } from "../model.js";
import { netError } from "../parse/context.js";

/** What to do with an element of a list, by libvirt's numbers. */
export const NetworkUpdateCommand = { modify: 1, delete: 2, addLast: 3, addFirst: 4 } as const;

export function isAdd(command: number): boolean {
  return command === NetworkUpdateCommand.addFirst || command === NetworkUpdateCommand.addLast;
}

/** The list with one more element, in front or at the end. */
export function withAdded<T>(list: readonly T[], item: T, command: number): readonly T[] {
  return command === NetworkUpdateCommand.addFirst ? [item, ...list] : [...list, item];
}

export function withoutAt<T>(list: readonly T[], at: number): readonly T[] {
  return list.filter((_, index) => index !== at);
}

export function withReplaced<T>(list: readonly T[], at: number, item: T): readonly T[] {
  return list.map((each, index) => (index === at ? item : each));
}

/** What an update of one section works on. */
export interface SectionUpdate {
  readonly network: Network;
  readonly command: number;
  /** Which `<ip>`; -1 for the one that has `<dhcp>`. */
  readonly parentIndex: number;
  readonly element: XmlElement;
}

export function expectElement({ network, element }: SectionUpdate, name: string): void {
  if (element.name === name) return;
  const detail = `unexpected element <${element.name}>, expecting <${name}>, while updating network '${network.name}'`;
  throw netError(element, "XML_ERROR", detail, `Send a <${name}>.`);
}

export function invalid(element: XmlElement, detail: string, hint: string): VirtError {
  return netError(element, "OPERATION_INVALID", detail, hint);
}

export function cannotModify(element: XmlElement, what: string): VirtError {
  const detail = `${what} cannot be modified, only added or deleted`;
  return netError(element, "OPERATION_UNSUPPORTED", detail, "Delete it, then add it.");
}

export function unknownCommand(command: number): VirtError {
  return new VirtError("OPERATION_UNSUPPORTED", `unrecognized network update command code ${command | 0}`, {
    domain: "NETWORK",
    hint: "Allowed: 1 (modify), 2 (delete), 3 (add-last), 4 (add-first).",
  });
}
