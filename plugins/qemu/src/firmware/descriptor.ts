import { VirtError } from "@polyvisor/core";
import { archFromQemu } from "../capabilities/index.js";

/** What a firmware's descriptor says, in the form of QEMU's `docs/interop/firmware.json`. */
export interface Firmware {
  /** The descriptor's own path, for messages. */
  readonly path: string;
  readonly interfaces: readonly string[];
  readonly mapping: FirmwareMapping;
  readonly targets: readonly FirmwareTarget[];
  readonly features: readonly string[];
}

export type FirmwareMapping =
  | {
      readonly device: "flash";
      /** `split`: the variables are in a file of their own, made from the template. */
      readonly mode: "split" | "combined" | "stateless";
      readonly executable: FirmwareFile;
      readonly template?: FirmwareFile | undefined;
    }
  | { readonly device: "kernel" | "memory"; readonly file: string };

export interface FirmwareFile {
  readonly file: string;
  readonly format: string;
}

export interface FirmwareTarget {
  /** libvirt's name. */
  readonly arch: string;
  /** Names of machine types, with `*` and `?`. */
  readonly machines: readonly string[];
}

/** A descriptor file. Throws INTERNAL_ERROR where it is not of that form. */
export function parseFirmware(path: string, text: string): Firmware {
  const bad = (what: string) =>
    new VirtError("INTERNAL_ERROR", `${what} in firmware description '${path}'`, { domain: "QEMU" });
  const root = new Fields(
    parseJson(text, () => bad("malformed JSON")),
    bad,
  );
  const mapping = root.object("mapping");
  return {
    path,
    interfaces: root.strings("interface-types"),
    mapping: parseMapping(mapping, bad),
    targets: root.objects("targets").map((target) => ({
      arch: archFromQemu(target.text("architecture")),
      machines: target.strings("machines"),
    })),
    features: root.strings("features"),
  };
}

function parseMapping(mapping: Fields, bad: (what: string) => VirtError): FirmwareMapping {
  const device = mapping.text("device");
  if (device === "kernel" || device === "memory") return { device, file: mapping.text("filename") };
  if (device !== "flash") throw bad(`unknown device type '${device}'`);
  const mode = mapping.optionalText("mode") ?? "split";
  if (mode !== "split" && mode !== "combined" && mode !== "stateless") throw bad(`unknown flash mode '${mode}'`);
  const fileOf = (fields: Fields): FirmwareFile => ({ file: fields.text("filename"), format: fields.text("format") });
  return {
    device,
    mode,
    executable: fileOf(mapping.object("executable")),
    template: mode === "split" ? fileOf(mapping.object("nvram-template")) : undefined,
  };
}

function parseJson(text: string, bad: () => VirtError): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad();
  }
}

/** An object of the descriptor: a field that is missing or of another type is an error that names it. */
class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #bad: (what: string) => VirtError;

  constructor(value: unknown, bad: (what: string) => VirtError) {
    if (typeof value !== "object" || value === null) throw bad("not an object");
    this.#fields = value as Readonly<Record<string, unknown>>;
    this.#bad = bad;
  }

  optionalText(name: string): string | undefined {
    const value = this.#fields[name];
    return typeof value === "string" ? value : undefined;
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw this.#bad(`missing '${name}'`);
    return value;
  }

  object(name: string): Fields {
    return new Fields(this.#fields[name], () => this.#bad(`missing '${name}'`));
  }

  objects(name: string): readonly Fields[] {
    return this.#list(name).map((item) => new Fields(item, this.#bad));
  }

  strings(name: string): readonly string[] {
    return this.#list(name).filter((item) => typeof item === "string");
  }

  #list(name: string): readonly unknown[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) throw this.#bad(`missing '${name}'`);
    return value;
  }
}
