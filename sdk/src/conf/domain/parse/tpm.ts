import {
  allowChildren,
  attribute,
  child,
  childAttribute,
  childElements,
  enumAttribute,
  requiredEnum,
  type XmlElement,
} from "../../../xml/index.js";
import { parseUuid } from "../../common/index.js";
import type { Tpm, TpmBackend } from "../model/index.js";
import { CHARDEV_TYPES, parseChardevSource } from "./chardev.js";
import { confError, type ParseContext } from "./context.js";
import { parseDeviceInfo } from "./device-info.js";

const TPM: ReadonlySet<string> = new Set("acpi address alias backend privateData".split(" "));
const TPM_MODELS = ["tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy"] as const;

export function parseTpm(element: XmlElement, context: ParseContext): Tpm {
  allowChildren(element, TPM);
  const [backend, second] = childElements(element, "backend");
  if (second !== undefined) throw confError(second, "XML_ERROR", "only one TPM backend is supported");
  if (backend === undefined)
    throw confError(element, "XML_ERROR", "missing TPM device backend", "Add <backend type='emulator'/>.");
  return {
    kind: "tpm",
    model: enumAttribute(element, "model", TPM_MODELS),
    backend: parseTpmBackend(backend, context),
    ...parseDeviceInfo(element, context),
  };
}

const BANKS = ["sha1", "sha256", "sha384", "sha512"] as const;

function parseTpmBackend(element: XmlElement, context: ParseContext): TpmBackend {
  const type = requiredEnum(element, "type", ["passthrough", "emulator", "external"]);
  if (type === "passthrough") return { type, device: childAttribute(element, "device", "path") ?? "/dev/tpm0" };
  if (type === "external") {
    const source = child(element, "source");
    if (source === undefined) throw confError(element, "XML_ERROR", "missing external TPM device source");
    const written = requiredEnum(source, "type", CHARDEV_TYPES);
    return { type, source: parseChardevSource(element, written, context) };
  }
  const banks = child(element, "active_pcr_banks");
  const persistent = attribute(element, "persistent_state");
  if (persistent !== undefined && persistent !== "yes" && persistent !== "no") {
    throw confError(element, "INTERNAL_ERROR", "Invalid persistent_state value, either 'yes' or 'no'");
  }
  const written = banks === undefined ? undefined : childElements(banks);
  return {
    type,
    version: enumAttribute(element, "version", ["1.2", "2.0"]),
    encryptionSecret: encryptionSecret(element),
    persistentState: persistent === "yes" ? "yes" : undefined,
    activePcrBanks: written && BANKS.filter((bank) => written.some((each) => each.name === bank)),
  };
}

function encryptionSecret(backend: XmlElement): string | undefined {
  const written = childAttribute(backend, "encryption", "secret");
  if (written === undefined) return undefined;
  const uuid = parseUuid(written);
  if (uuid !== undefined) return uuid;
  throw confError(backend, "INTERNAL_ERROR", `Unable to parse secret uuid '${written}'`, "Write the secret's UUID.");
}
