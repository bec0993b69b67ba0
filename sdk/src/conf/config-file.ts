import { VirtError } from "@polyvisor/core";

/** Numbers are 64-bit in libvirt; above 2^53 they are refused here. */
export type ConfigValue = string | number | readonly ConfigValue[];

export interface ConfigSetting {
  readonly key: string;
  readonly value: ConfigValue;
  /** What follows `#` on the setting's line. */
  readonly comment?: string;
  /** Where the setting begins, from 1. */
  readonly line: number;
}

/** A line that is only a comment: what follows its `#`. */
export interface ConfigComment {
  readonly comment: string;
  readonly line: number;
}

/** A configuration file in libvirt's syntax (`libvirtd.conf`, `qemu.conf`), in order; empty lines are not kept. */
export type ConfigEntry = ConfigSetting | ConfigComment;

export function isSetting(entry: ConfigEntry): entry is ConfigSetting {
  return "key" in entry;
}

/**
 * libvirt's own syntax, or one of the two that are near enough to it: VMware's (strings only, names such as `scsi0:0.present`
 * in any letter case) and LXC's (a value without quotes goes to the end of its line, names such as `lxc.network.type`).
 */
export type ConfigSyntax = "libvirt" | "vmx" | "lxc";

/** Throws `CONF_SYNTAX` in libvirt's words, which name the file and the line. */
export function parseConfigFile(
  text: string,
  fileName = "memory conf",
  syntax: ConfigSyntax = "libvirt",
): readonly ConfigEntry[] {
  return new ConfigParser(text, fileName, syntax).parse();
}

const NAMES: Readonly<Record<ConfigSyntax, RegExp>> = {
  libvirt: /[A-Za-z][A-Za-z0-9_]*/y,
  vmx: /[A-Za-z.][A-Za-z0-9_:.-]*/y,
  lxc: /[A-Za-z][A-Za-z0-9_.]*/y,
};

class ConfigParser {
  readonly #text: string;
  readonly #fileName: string;
  readonly #syntax: ConfigSyntax;
  #at = 0;
  #line = 1;

  constructor(text: string, fileName: string, syntax: ConfigSyntax) {
    this.#text = text;
    this.#fileName = fileName;
    this.#syntax = syntax;
  }

  parse(): readonly ConfigEntry[] {
    const entries: ConfigEntry[] = [];
    this.#skip(true);
    while (this.#at < this.#text.length) {
      entries.push(this.#char() === "#" ? { line: this.#line, comment: this.#comment() } : this.#setting());
      this.#separator();
      this.#skip(true);
    }
    return entries;
  }

  #char(): string {
    return this.#text.charAt(this.#at);
  }

  #fail(message: string, hint: string): never {
    const lineStart = this.#text.lastIndexOf("\n", this.#at - 1) + 1;
    throw new VirtError("CONF_SYNTAX", `${this.#fileName}:${this.#line}: ${message}`, {
      domain: "CONF",
      hint,
      position: { line: this.#line, column: this.#at - lineStart + 1 },
    });
  }

  #skip(lines: boolean): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#char();
      if (char === "\n" && lines) this.#line++;
      else if (char !== " " && char !== "\t" && !(char === "\r" && lines)) return;
    }
  }

  #restOfLine(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && this.#char() !== "\n" && this.#char() !== "\r") this.#at++;
    return this.#text.slice(start, this.#at);
  }

  #comment(): string {
    this.#at++;
    return this.#restOfLine();
  }

  #setting(): ConfigSetting {
    const line = this.#line;
    const key = NAMES[this.#syntax];
    key.lastIndex = this.#at;
    const name = key.exec(this.#text)?.[0];
    if (name === undefined) this.#fail("expecting a name", "Write name = value, or begin the line with #.");
    this.#at += name.length;
    this.#skip(false);
    if (this.#char() !== "=") this.#fail("expecting an assignment", `Write ${name} = value.`);
    this.#at++;
    const value = this.#value();
    this.#skip(false);
    if (this.#char() !== "#") return { key: name, value, line };
    return { key: name, value, line, comment: this.#comment() };
  }

  #separator(): void {
    this.#skip(false);
    if (this.#at >= this.#text.length) return;
    const char = this.#char();
    if (char === ";") this.#at++;
    else if (char !== "\n" && char !== "\r") this.#fail("expecting a separator", "Begin a new line.");
  }

  #value(): ConfigValue {
    this.#skip(false);
    const char = this.#char();
    const vmx = this.#syntax === "vmx";
    if (char === '"' || char === "'") return this.#string(char);
    if (this.#syntax === "lxc" && char !== "") return this.#restOfLine();
    if (char === "[" && vmx) this.#fail("lists not allowed in VMX format", "Write the value in quotes.");
    if (char === "[") return this.#list();
    if (/[0-9+-]/.test(char) && vmx) this.#fail("numbers not allowed in VMX format", "Write the value in quotes.");
    if (/[0-9+-]/.test(char)) return this.#number();
    return this.#fail("expecting a value", "Write a number, a string in quotes, or a list in [ ].");
  }

  #number(): number {
    const number = /[+-]?\d+/y;
    number.lastIndex = this.#at;
    const digits = number.exec(this.#text)?.[0];
    if (digits === undefined) this.#fail("unterminated number", "Write digits after the sign.");
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) this.#fail("unterminated number", "The number is too large.");
    this.#at += digits.length;
    return value;
  }

  #string(quote: string): string {
    const long = '"""';
    if (this.#text.startsWith(long, this.#at)) {
      const end = this.#text.indexOf(long, this.#at + 3);
      if (end < 0) this.#fail("unterminated string", 'Close the string with """.');
      const value = this.#text.slice(this.#at + 3, end);
      this.#line += value.split("\n").length - 1;
      this.#at = end + 3;
      return value;
    }
    const start = this.#at + 1;
    const end = this.#text.indexOf(quote, start);
    const value = this.#text.slice(start, end < 0 ? undefined : end);
    if (end < 0 || /[\r\n]/.test(value))
      this.#fail("unterminated string", `Close the string with ${quote} on its line.`);
    this.#at = end + 1;
    return value;
  }

  #list(): readonly ConfigValue[] {
    const values: ConfigValue[] = [];
    this.#at++;
    this.#skip(true);
    while (this.#at < this.#text.length && this.#char() !== "]") {
      if (values.length > 0) {
        if (this.#char() !== ",") this.#fail("expecting a separator in list", "Put a comma between the values.");
        this.#at++;
        this.#skip(true);
        // a comma may end the list
        if (this.#char() === "]") break;
      }
      values.push(this.#value());
      this.#skip(true);
    }
    if (this.#char() !== "]") this.#fail("list is not closed with ]", "Close the list with ].");
    this.#at++;
    return values;
  }
}

/** The file again, with its comments, as libvirt writes it. */
export function formatConfigFile(entries: readonly ConfigEntry[]): string {
  return entries
    .map((entry) => {
      if (!isSetting(entry)) return `#${entry.comment}\n`;
      const comment = entry.comment === undefined ? "" : ` #${entry.comment}`;
      return `${entry.key} = ${formatConfigValue(entry.value)}${comment}\n`;
    })
    .join("");
}

export function formatConfigValue(value: ConfigValue): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return value.length === 0 ? "[  ]" : `[ ${value.map(formatConfigValue).join(", ")} ]`;
  if (value.includes("\n")) return `"""${value}"""`;
  if (!value.includes('"')) return `"${value}"`;
  return value.includes("'") ? `"""${value}"""` : `'${value}'`;
}
