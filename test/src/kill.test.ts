import { join } from "node:path";
import { runCommand } from "./harness/command.js";
import { program, testWith } from "./harness/needs.js";
import { project } from "./harness/project.js";

const NEEDS = await Promise.all(["qemu-system-x86_64", "qemu-img"].map(program));

testWith("the daemon is killed at random moments, and finds everything again", NEEDS, async (t) => {
  t.timeout(250_000);
  const soak = [join(project, "soak/run.mjs"), "kill", "--no-build", "--count", "6", "--seconds", "3"];
  const { code, stdout, stderr } = await runCommand(process.execPath, soak, { timeout: 240_000 });
  const faults = stdout.split("\n").filter((line) => line.startsWith("FAULT"));
  t.is(code, 0, `${faults.join(" ")} ${stdout}${stderr}`);
  t.regex(stdout, /^[67] kills; .*^passed$/ms);
});
