// Loaded into every Node process of the tests (`npm test` sets NODE_OPTIONS): leaves an empty file `PLUGIN CALL` in the folder that
// POLYVISOR_CALLS names for each call that a driver has answered. It is written before the answer leaves: a daemon may be
// killed at any moment. Programs run as other users, so a file that is there already may belong to somebody else.
import { subscribe } from "node:diagnostics_channel";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";

const known = new Set();

subscribe("polyvisor.answers", ({ plugin, call, error }) => {
  const folder = process.env.POLYVISOR_CALLS;
  const name = `${plugin} ${call}`;
  if (!folder || known.has(name) || !isAnswer(error)) return;
  known.add(name);
  try {
    closeSync(openSync(join(folder, name), "wx"));
  } catch (failure) {
    if (failure.code !== "EEXIST") console.error(`a call cannot be recorded: ${failure.message}`);
  }
});

/** An error that a driver gives on purpose is an answer, unless it says that the driver lacks the call. */
function isAnswer(error) {
  return (
    error === undefined ||
    (typeof error?.code === "string" && error.name === "VirtError" && error.code !== "NO_SUPPORT")
  );
}
