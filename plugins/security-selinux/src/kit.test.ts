import { claimedCalls, registerKit, SERVICE_KITS, subjectOfProvider } from "@polyvisor/sdk/conformance";
import test from "ava";
import { standInHost } from "./testing/stand-in-host.js";

if (process.getuid?.() !== 0) {
  test.skip("the kit of security: only root may write security attributes of files", () => {});
} else {
  const host = await standInHost();
  const subject = await subjectOfProvider("security", () => host.again());
  // Processes get no contexts of a kernel that has none.
  const kernels = ["guestWrapper", "processLabel", "reserveLabel"];
  const calls = claimedCalls("security", host.driver).filter((call) => !kernels.includes(call));
  const fixtures = { label: "system_u:system_r:svirt_t:s0:c1,c2" };

  test.after.always(() => host.close());
  registerKit(test, SERVICE_KITS.security, subject, {
    title: "SELinux on real files of a stand-in host",
    profile: { calls, fixtures, traits: ["keeps-shared"] },
  });
}
