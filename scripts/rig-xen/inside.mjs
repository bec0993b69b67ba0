import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
const NOT_NEEDED = ["@biomejs", "@typescript", "@changesets", "prettier", "typescript", "ts-json-schema-generator"];

/** Puts what a daemon needs of this tree into dom0's /polyvisor. */
export async function copyProject(dom0) {
  const modules = (await readdir(join(root, "node_modules"))).filter(
    (name) => !name.startsWith(".") && !NOT_NEEDED.includes(name),
  );
  const packed = ["core", "sdk", "daemon", "plugins", ...modules.map((name) => `node_modules/${name}`)];
  const leave = ["*/src", "*.map", "*.d.ts", "*.test.js", "*/fixtures"].map((each) => `--exclude=${each}`);
  const ssh = `ssh -q -i ${dom0.key} -p ${dom0.port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1`;
  const command = `tar -C '${root}' ${leave.join(" ")} -cf - ${packed.join(" ")} | ${ssh} 'mkdir -p /polyvisor && tar -C /polyvisor -xf -'`;
  const child = spawn("sh", ["-c", command], { stdio: "inherit" });
  const status = await new Promise((resolve) => child.once("close", resolve));
  if (status !== 0) throw new Error("the programs could not be put into dom0");
}
