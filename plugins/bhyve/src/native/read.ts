import { randomInt, randomUUID } from "node:crypto";
import type { Domain } from "@polyvisor/sdk/conf/domain";
import { readBhyve } from "./bhyve.js";
import { draftedDomain, newDraft } from "./draft.js";
import { readLoader } from "./loader.js";
import { splitCommands } from "./split.js";

/** What command lines do not say is made up by these. */
export interface MadeUp {
  readonly newUuid?: () => string;
  readonly newMac?: () => string;
}

export interface NativeDomain {
  /** As the command lines say it, nothing filled in. */
  readonly domain: Domain;
  /** What was left out, and why. */
  readonly warnings: readonly string[];
}

/** The configuration of a guest that somebody starts by hand. Fails in libvirt's words. */
export function readNative(text: string, { newUuid = randomUUID, newMac = randomMac }: MadeUp = {}): NativeDomain {
  const { bhyve, loader } = splitCommands(text);
  const draft = newDraft();
  readBhyve(draft, bhyve.slice(1), newMac);
  if (loader !== undefined) readLoader(draft, loader);
  return { domain: draftedDomain(draft, newUuid), warnings: draft.warnings };
}

function randomMac(): string {
  const byte = () => randomInt(256).toString(16).padStart(2, "0");
  return `52:54:00:${byte()}:${byte()}:${byte()}`;
}
