import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createHost } from "@polyvisor/core";
import test from "ava";

const folder = fileURLToPath(new URL("..", import.meta.url));
const isThere = existsSync("/sys/fs/selinux/enforce");
const here = isThere ? test.skip : test;

here(
  `where the kernel runs without SELinux the plugin is not applicable, and no fault is found${isThere ? " (this one has it)" : ""}`,
  async (t) => {
    const host = await createHost({ plugins: [folder] });
    t.teardown(() => host.close());
    t.like((await host.probe())[0], {
      name: "security-selinux",
      state: "inapplicable",
      message: "the kernel runs without SELinux",
    });
    await t.throwsAsync(async () => host.provider("security.v1", "security-selinux"), {
      message: /plugin security-selinux has nothing to drive on this host: the kernel runs without SELinux/,
    });
  },
);
