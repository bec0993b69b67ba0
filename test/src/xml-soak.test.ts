import { join } from "node:path";
import test from "ava";
import { runCommand } from "./harness/command.js";
import { project } from "./harness/project.js";

test("mutated documents are refused, or come back as they were", async (t) => {
  t.timeout(170_000);
  // time and memory are for a machine that does nothing else: the whole soak looks at them
  const options = ["--no-build", "--no-golden", "--no-limits", "--count", "3000", "--seed", "test"];
  const soak = [join(project, "soak/run.mjs"), "xml", ...options];
  const { code, stdout, stderr } = await runCommand(process.execPath, soak, { timeout: 160_000 });
  t.is(code, 0, `${stdout}${stderr}`);
  t.regex(stdout, /^passed$/m);
  const models = [...stdout.matchAll(/^ *[a-z-]+ +(\d+) +\d+ +0$/gm)].map(([, count]) => Number(count));
  t.is(models.length, 13, stdout);
  t.true(
    models.every((count) => count > 0),
    "some kind of document was always refused",
  );
});
