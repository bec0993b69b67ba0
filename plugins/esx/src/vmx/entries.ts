import { VirtError } from "@polyvisor/core";
import { parseUuid } from "@polyvisor/sdk/conf/common";
import { isSetting, parseConfigFile } from "@polyvisor/sdk/conf/config-file";

/** What libvirt calls a fault of a VMX file: an internal error of no domain in particular. */
export function vmxError(detail: string, hint: string): VirtError {
  return new VirtError("INTERNAL_ERROR", detail, { hint });
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** The entries of a VMX file by their names, whose letters' case does not matter. Of entries with the same name the first counts. */
export class VmxEntries {
  readonly #values = new Map<string, string>();

  /** Throws `CONF_SYNTAX`, and `INTERNAL_ERROR` where the file's encoding is not known. */
  constructor(file: string | Uint8Array) {
    for (const entry of parseConfigFile(decode(file), "memory conf", "vmx")) {
      if (!isSetting(entry) || typeof entry.value !== "string") continue;
      const key = entry.key.toLowerCase();
      if (!this.#values.has(key)) this.#values.set(key, entry.value);
    }
  }

  names(): Iterable<string> {
    return this.#values.keys();
  }

  string(name: string): string | undefined {
    return this.#values.get(name.toLowerCase());
  }

  required(name: string): string {
    const value = this.string(name);
    if (value === undefined) throw vmxError(`Missing essential config entry '${name}'`, `Add ${name} = "..."`);
    return value;
  }

  boolean(name: string, otherwise: boolean): boolean {
    const value = this.string(name)?.toLowerCase();
    if (value === undefined) return otherwise;
    if (value === "true" || value === "false") return value === "true";
    throw vmxError(`Config entry '${name}' must represent a boolean value (true|false)`, `Write ${name} = "true".`);
  }

  /** `unlimited` is -1. */
  bigint(name: string): bigint | undefined {
    const value = this.string(name);
    if (value === undefined) return undefined;
    if (value.toLowerCase() === "unlimited") return -1n;
    const number = /^\s*[+-]?\d+$/.test(value) ? BigInt(value.trim().replace(/^\+/, "")) : undefined;
    if (number === undefined || number < INT64_MIN || number > INT64_MAX) {
      throw vmxError(`Config entry '${name}' must represent an integer value`, `Write ${name} = "1".`);
    }
    return number;
  }

  number(name: string, otherwise: number): number {
    const value = this.bigint(name);
    return value === undefined ? otherwise : Number(value);
  }

  requiredNumber(name: string): number {
    this.required(name);
    return this.number(name, 0);
  }

  uuid(name: string): string | undefined {
    const value = this.string(name);
    return value === undefined ? undefined : uuidIn(value);
  }
}

/** The UUID that a text is, which may have blanks between its bytes. */
export function uuidIn(text: string): string {
  const uuid = parseUuid(text);
  if (uuid === undefined) throw vmxError(`Could not parse UUID from string '${text}'`, "Write 32 hexadecimal digits.");
  return uuid;
}

/** A file says itself in which encoding it is; without a word it is UTF-8. */
function decode(file: string | Uint8Array): string {
  const bytes = typeof file === "string" ? Buffer.from(file) : file;
  const text = Buffer.from(bytes).toString("latin1");
  const encoding = /^[ \t]*\.encoding[ \t]*=[ \t]*["']([^"'\r\n]*)["']/im.exec(text)?.[1];
  if (encoding === undefined || encoding.toLowerCase() === "utf-8") {
    return typeof file === "string" ? file : Buffer.from(bytes).toString("utf8");
  }
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    const unknown = cause instanceof RangeError;
    throw new VirtError(
      "INTERNAL_ERROR",
      unknown ? `libxml2 doesn't handle ${encoding} encoding` : `Could not convert from ${encoding} to UTF-8 encoding`,
      { hint: "Save the file as UTF-8, and say so with .encoding.", cause },
    );
  }
}
