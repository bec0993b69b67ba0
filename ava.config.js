const files = ["{core,sdk,daemon,cli,create-driver,test}/dist/**/*.test.js", "{plugins,examples}/*/dist/**/*.test.js"];

/** Needs large packages, which only `npm run virt-manager` brings: it says where the pictures go. */
const VIRT_MANAGER = "!test/dist/virt-manager.test.js";

export default {
  files: process.env.POLYVISOR_PICTURES === undefined ? [...files, VIRT_MANAGER] : files,
  // libxmljs2 can be loaded once in a process.
  workerThreads: false,
  timeout: "3m",
};
