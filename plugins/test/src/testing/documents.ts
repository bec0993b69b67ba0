import { XML_FLAG } from "@polyvisor/core";
import type { Step } from "./our-peer.js";

const UUIDS: Readonly<Record<string, string>> = {
  a: "11111111-2222-4333-8444-00000000000a",
  b: "11111111-2222-4333-8444-00000000000b",
};

/** A small document; `parts` go between its OS and its end. */
export function document(
  name: string,
  parts = "",
  { memory = 4096, vcpu = "<vcpu current='1'>4</vcpu>" } = {},
): string {
  const uuid = UUIDS[name] === undefined ? "" : `<uuid>${UUIDS[name]}</uuid>`;
  const head = `<name>${name}</name>${uuid}<memory>${memory}</memory>${vcpu}`;
  return `<domain type='test'>${head}<os><type>hvm</type></os>${parts}</domain>`;
}

export const A = document("a");
/** All that a domain can be asked about itself. */
export const ASK: readonly Step[] = [
  ["state", "a", 0],
  ["info", "a"],
  ["isActive", "a"],
  ["isPersistent", "a"],
  ["isUpdated", "a"],
  ["autostart", "a"],
  ["XMLDesc", "a", 0],
  ["XMLDesc", "a", XML_FLAG.INACTIVE],
];
