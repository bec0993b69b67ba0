import { type ErrorDomain, VirtError } from "@polyvisor/core";
import { describeSyntaxError } from "./syntax-error.js";

/** A place in a document that moves forward only, and knows its line. */
export class Cursor {
  readonly text: string;
  /** Offset of the next character. */
  at = 0;
  /** The line of the last place that was located; counts from 1. */
  line = 1;
  /** Where that line begins. */
  lineStart = 0;
  readonly #documentName: string;
  readonly #domain: ErrorDomain;
  /** The next line's end, or behind the text: looked for once each, however often places are located. */
  #newline: number;

  constructor(text: string, documentName: string, domain: ErrorDomain) {
    this.text = text;
    this.#documentName = documentName;
    this.#domain = domain;
    this.#newline = this.#newlineFrom(0);
  }

  /** Sets `line` and `lineStart` for a place that is not before the last one. */
  locate(at: number): void {
    while (this.#newline < at) {
      this.line++;
      this.lineStart = this.#newline + 1;
      this.#newline = this.#newlineFrom(this.lineStart);
    }
  }

  skipBlanks(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 9) return;
      this.at++;
    }
  }

  /** Refuses the document at a place that is not before the last one located. */
  fail(at: number, message: string, hint: string): never {
    this.locate(at);
    const { line, lineStart } = this;
    throw new VirtError("XML_DETAIL", describeSyntaxError(this.text, this.#documentName, message, at, line), {
      domain: this.#domain,
      hint,
      position: { line, column: at - lineStart + 1 },
    });
  }

  #newlineFrom(at: number): number {
    const found = this.text.indexOf("\n", at);
    return found < 0 ? this.text.length + 1 : found;
  }
}
