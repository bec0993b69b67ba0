// `npm run virt-manager [FOLDER]`: virt-manager on a screen that nobody sees works with a daemon; pictures of it go to FOLDER.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { install, isDebian, missingPackages } from "./lib/debian.mjs";

/** What a window takes; too much for `npm test`. */
const PACKAGES = [
  "virt-manager",
  "xvfb",
  "xdotool",
  "imagemagick",
  "dbus-daemon",
  "at-spi2-core",
  "gir1.2-atspi-2.0",
  "python3-gi",
  "libvirt-clients",
];

const folder = resolve(process.argv[2] ?? "coverage/virt-manager");
await prepare();
const env = { ...process.env, POLYVISOR_PICTURES: folder, POLYVISOR_TEST_COMPLETE: "1" };
const { status } = spawnSync("npx", ["--no-install", "ava", "test/dist/virt-manager.test.js"], {
  stdio: "inherit",
  env,
});
if (status === 0) console.log(`pictures in ${folder}`);
process.exitCode = status ?? 1;

async function prepare() {
  if (!(await isDebian())) return;
  const missing = await missingPackages(PACKAGES);
  if (missing.length > 0) await install(missing);
}
