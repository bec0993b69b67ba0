import { fileURLToPath } from "node:url";
import { registerKit, SERVICE_KITS, subjectOfPlugin } from "@polyvisor/sdk/conformance";
import test from "ava";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));

if (process.getuid?.() !== 0) {
  test.skip("the kit of security: only root may give files away", () => {});
} else {
  const subject = await subjectOfPlugin("security", FOLDER);
  test.after.always(() => subject.close());
  const profile = { calls: subject.calls, fixtures: { label: "+65534:+65534" }, traits: [] };
  registerKit(test, SERVICE_KITS.security, subject, { title: "security-dac", profile });
}
