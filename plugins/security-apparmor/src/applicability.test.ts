import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createHost } from "@polyvisor/core";
import test from "ava";

const folder = fileURLToPath(new URL("..", import.meta.url));
const isThere = existsSync("/sys/module/apparmor/parameters/enabled");
const here = isThere ? test.skip : test;

here(
  `where the kernel runs without AppArmor the plugin is not applicable, and no fault is found${isThere ? " (this one has it)" : ""}`,
  async (t) => {
    const host = await createHost({ plugins: [folder] });
    t.teardown(() => host.close());
    t.like((await host.probe())[0], {
      name: "security-apparmor",
      state: "inapplicable",
      message: "the kernel runs without AppArmor",
    });
    await t.throwsAsync(async () => host.provider("security.v1", "security-apparmor"), {
      message: /plugin security-apparmor has nothing to drive on this host: the kernel runs without AppArmor/,
    });
  },
);
