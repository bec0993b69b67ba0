// Loaded into a daemon before its own code: while the file named by FAILING_FSYNC is there, nothing can be flushed to disk.
import { access, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const self = await open(fileURLToPath(import.meta.url));
const prototype = Object.getPrototypeOf(self);
await self.close();

const { sync } = prototype;
prototype.sync = async function () {
  const failing = await access(process.env.FAILING_FSYNC).then(
    () => true,
    () => false,
  );
  if (failing) throw Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO", syscall: "fsync" });
  return sync.call(this);
};
