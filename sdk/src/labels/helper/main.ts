import type { LabelReport, LabelRequest } from "../request.js";
import { failureOf } from "./failure.js";
import { work } from "./work.js";

/** A process that changes labels of files for the one that started it, one request at a time. It ends with that one. */
process.on("message", (request: LabelRequest) => {
  try {
    report({ done: true, ...work(request, (at, waits) => report({ at, waits })) });
  } catch (error) {
    report({ done: true, failures: [failureOf(error)], warnings: [] });
  }
});
process.on("disconnect", () => process.exit());

function report(what: LabelReport): void {
  process.send?.(what);
}
