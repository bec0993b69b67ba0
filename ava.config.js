const files = ["{core,sdk,daemon,cli,create-driver,test}/dist/**/*.test.js", "{plugins,examples}/*/dist/**/*.test.js"];

/** Needs large packages, which only `npm run virt-manager` brings: it says where the pictures go. */
const VIRT_MANAGER = "!test/dist/virt-manager.test.js";

/** They take longest, most of it waiting: begun first, they leave no processor idle in the end. */
const LONGEST = [
  "test/dist/no-blocking",
  "test/dist/side-by-side",
  "test/dist/tutorial",
  "test/dist/boot",
  "plugins/lock-lockd/dist/kit",
  "cli/dist/cli",
  "test/dist/test-driver-extras",
  "test/dist/lifecycle",
  "test/dist/kill",
  "test/dist/qemu-services",
  "daemon/dist/isolation/kits",
  "test/dist/sanlock-pairs",
  "test/dist/labels",
  "test/dist/test-driver-nodes",
  "test/dist/hotplug",
  "plugins/qemu/dist/driver",
  "plugins/qemu/dist/command-line/libvirtd",
  "test/dist/conformance",
].map((name) => `${name}.test.js`);

function rank(file) {
  const at = LONGEST.findIndex((name) => file.endsWith(name));
  return at < 0 ? LONGEST.length : at;
}

export default {
  files: process.env.POLYVISOR_PICTURES === undefined ? [...files, VIRT_MANAGER] : files,
  // libxmljs2 can be loaded once in a process.
  workerThreads: false,
  timeout: "3m",
  sortTestFiles: (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1),
};
