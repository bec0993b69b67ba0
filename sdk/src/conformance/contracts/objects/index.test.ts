import { fileURLToPath } from "node:url";
import { createHost } from "@polyvisor/core";
import test from "ava";
import { subjectOfHost } from "../../hypervisor/index.js";
import { completeProfile } from "../../hypervisor/profile.js";
import { registerKit } from "../../kit/index.js";
import { OBJECT_KITS } from "./index.js";
import { knownOfTestDrivers } from "./testing/known.js";

/** The driver that has calls of all six parts. It is reached by its folder: the toolbox knows no plugin. */
const PLUGIN = fileURLToPath(new URL("../../../../../plugins/test", import.meta.url));

const subject = subjectOfHost(await createHost({ plugins: [PLUGIN] }), "test:///default");
const profile = await completeProfile(subject);
const known = new Map(
  await Promise.all(OBJECT_KITS.map(async ({ name }) => [name, await knownOfTestDrivers(name)] as const)),
);
test.after.always(() => subject.close());

for (const kit of OBJECT_KITS)
  registerKit(test, kit, subject, { profile, known: known.get(kit.name) ?? [], title: kit.name });
