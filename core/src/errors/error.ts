import { ERROR_DOMAINS, ERRORS, type ErrorDomain, type ErrorName } from "./codes.js";

/** What an error says beyond its code. */
export interface ErrorDetail {
  /** The whole message, where libvirt leaves the code's own words out: for arguments that are no good in themselves. */
  readonly message?: string;
  /** The function of libvirt that refuses an argument; `detail` is then the argument's name. */
  readonly caller?: string;
  /** The system's number of what went wrong, of a `SYSTEM_ERROR`. */
  readonly errno?: number | undefined;
  /** Which part of the system failed; `NONE` when left out. */
  readonly domain?: ErrorDomain;
  /** What a reader can do about it. Shown by our own tools; programs find it in `str3` of libvirt's error. */
  readonly hint?: string;
  /** Where in a document the error is, both counted from 1. */
  readonly position?: { readonly line: number; readonly column: number };
  /** The domain that the error is about. */
  readonly about?: { readonly name: string; readonly uuid: string; readonly id: number };
  readonly cause?: unknown;
}

/** An error of another process, as it came over the wire. */
export interface WireErrorFields {
  readonly code: number;
  readonly domain: number;
  readonly level: number;
  readonly message: string;
  /** What of the message is not the code's own words; `str2` on the wire. */
  readonly detail?: string | undefined;
  /** The function that refuses an argument. */
  readonly caller?: string | undefined;
  readonly errno?: number | undefined;
  readonly about?: ErrorDetail["about"];
  /** `str3` on the wire, which libvirt leaves empty. */
  readonly hint?: string | undefined;
}

/** What errors of another copy of this package have, too: a plugin that was installed elsewhere brings its own. */
const IS_VIRT_ERROR = Symbol.for("polyvisor.VirtError");

/**
 * An error of the API: libvirt's code, domain and words, and what libvirt lacks: a stable string code, a hint, a position.
 *
 * Everything that a driver throws on purpose is one of these; anything else reaches a client as `INTERNAL_ERROR`.
 */
export class VirtError extends Error {
  override readonly name = "VirtError";
  /** libvirt's name of the code without `VIR_ERR_`, such as `NO_DOMAIN`. */
  readonly code: ErrorName;
  readonly detail: string;
  readonly domain: ErrorDomain;
  readonly caller: string | undefined;
  readonly errno: number | undefined;
  readonly hint: string | undefined;
  readonly position: ErrorDetail["position"];
  readonly about: ErrorDetail["about"];

  constructor(code: ErrorName, detail = "", more: ErrorDetail = {}) {
    super(more.message ?? errorMessage(code, detail), more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.detail = detail;
    this.domain = more.domain ?? "NONE";
    this.caller = more.caller;
    this.errno = more.errno;
    this.hint = more.hint;
    this.position = more.position;
    this.about = more.about;
  }

  protected get [IS_VIRT_ERROR](): boolean {
    return true;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass inherits this, and means itself
    if (this !== VirtError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === "object" && value !== null && IS_VIRT_ERROR in value;
  }

  /** libvirt's number of the code (`VIR_ERR_*`). */
  get number(): number {
    return ERRORS[this.code].code;
  }

  /** libvirt's number of the domain (`VIR_FROM_*`). */
  get domainNumber(): number {
    return ERROR_DOMAINS[this.domain];
  }

  /** What the message was made of: the code's words with `%s` for the detail, or the message itself where it is not made so. */
  get template(): string {
    const { bare, detail } = ERRORS[this.code];
    if (this.message !== errorMessage(this.code, this.detail)) return this.message;
    return this.detail === "" ? bare : detail;
  }

  /** The error that a peer sent. Its message is already complete, so it is kept as it is. */
  static fromWire(wire: WireErrorFields): VirtError {
    const error = new VirtError(errorNameOf(wire.code), wire.detail, {
      domain: errorDomainOf(wire.domain),
      errno: wire.errno,
      ...(wire.caller === undefined ? {} : { caller: wire.caller }),
      ...(wire.about === undefined ? {} : { about: wire.about }),
      ...(wire.hint === undefined ? {} : { hint: wire.hint }),
    });
    error.message = wire.message;
    return error;
  }

  /** Any thrown value as an error of the API; what was not thrown on purpose becomes `INTERNAL_ERROR`. */
  static from(thrown: unknown, domain: ErrorDomain = "NONE"): VirtError {
    if (thrown instanceof VirtError) return thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return new VirtError("INTERNAL_ERROR", text, { domain, cause: thrown });
  }
}

function errorMessage(code: ErrorName, detail: string): string {
  const words = ERRORS[code];
  return detail === "" ? words.bare : words.detail.replace("%s", () => detail);
}

const NAME_BY_NUMBER = new Map<number, ErrorName>(
  (Object.keys(ERRORS) as ErrorName[]).map((name) => [ERRORS[name].code, name]),
);
const DOMAIN_BY_NUMBER = new Map<number, ErrorDomain>(
  (Object.keys(ERROR_DOMAINS) as ErrorDomain[]).map((name) => [ERROR_DOMAINS[name], name]),
);

export function errorNameOf(code: number): ErrorName {
  return NAME_BY_NUMBER.get(code) ?? "INTERNAL_ERROR";
}

export function errorDomainOf(number: number): ErrorDomain {
  return DOMAIN_BY_NUMBER.get(number) ?? "NONE";
}
