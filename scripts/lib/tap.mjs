/**
 * Reads TAP, as ava writes it, line by line.
 * `on.failed(text)` gets a failure with all that was said of it, `on.skipped(name)` the name of a test that did not run.
 */
export class TapReader {
  passed = 0;
  failed = 0;
  skipped = 0;
  #on;
  #failure = [];

  constructor(on) {
    this.#on = on;
  }

  line(text) {
    const test = /^(not ok|ok) \d+ - (.*?)(?: # (SKIP|TODO))?$/.exec(text);
    if (test === null) {
      // The plan and the totals stand at the margin too, and belong to no test.
      if (this.#failure.length > 0 && /^( {2}|# {3})/.test(text)) this.#failure.push(text);
      else this.end();
      return;
    }
    this.end();
    const [, result, name, directive] = test;
    if (directive !== undefined) {
      this.skipped++;
      this.#on.skipped(name);
    } else if (result === "ok") {
      this.passed++;
    } else {
      this.failed++;
      this.#failure.push(`not ok - ${name}`);
    }
  }

  /** Hands out the failure that was being read. */
  end() {
    if (this.#failure.length > 0) this.#on.failed(this.#failure.join("\n"));
    this.#failure = [];
  }
}
