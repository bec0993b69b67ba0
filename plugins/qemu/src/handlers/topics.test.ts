import { rootPaths, silentLog } from "@polyvisor/core";
import test from "ava";
import { Hypervisor } from "../hypervisor.js";
import { lazyLifecycle, lazyTopics } from "./topics.js";

/** A name too many would be a call that the host believes in and nobody answers; one too few, a call that nobody can make. */
test("each topic tells the calls that its code implements, before it is loaded", async (t) => {
  const hypervisor = new Hypervisor({ mode: "session", paths: rootPaths("/nonexistent") }, silentLog);
  for (const topic of [...lazyTopics(hypervisor), lazyLifecycle(hypervisor, {})]) {
    const told = Object.keys(topic.handlers);
    t.deepEqual(told, Object.keys(await topic.load()));
  }
});
