import { access, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { run } from "./run.mjs";

const POLICY = "/usr/sbin/policy-rc.d";
const QUIET = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };

export async function isDebian() {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^ID(_LIKE)?=.*debian/m.test(release);
}

/** The packages of a list like test-packages.txt, without its comments. */
export function packageNames(list) {
  return list
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((name) => name !== "");
}

/** Those of the packages that are not installed. */
export async function missingPackages(names) {
  const { stdout } = await run("dpkg-query", ["-W", `-f=\${Package} \${db:Status-Status}\n`, ...names], {
    capture: true,
  });
  const installed = new Set(
    stdout
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return names.filter((name) => !installed.has(name));
}

/** Installs packages without what they recommend, and without starting a service that one of them brings. */
export async function install(names) {
  await updateLists();
  const ours = await forbidServices();
  try {
    const args = ["install", "-y", "-q", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", ...names];
    const { code, stdout, stderr } = await run("apt-get", args, { capture: true, env: QUIET });
    if (code !== 0) throw new Error(`apt-get install failed:\n${stdout}${stderr}`);
  } finally {
    if (ours) await rm(POLICY, { force: true });
  }
}

/** Fetches the package lists where there are none, as on a fresh image. */
export async function updateLists() {
  const lists = await readdir("/var/lib/apt/lists").catch(() => []);
  if (lists.some((name) => name.endsWith("Release"))) return;
  const { code, stderr } = await run("apt-get", ["update", "-q"], { capture: true, env: QUIET });
  if (code !== 0) throw new Error(`apt-get update failed:\n${stderr}`);
}

/** True when the policy that forbids services is ours to remove: one that the machine has stays. */
async function forbidServices() {
  const present = await access(POLICY).then(
    () => true,
    () => false,
  );
  if (!present) await writeFile(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  return !present;
}
