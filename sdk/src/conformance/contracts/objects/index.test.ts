import { fileURLToPath } from "node:url";
import { createHost } from "@polyvisor/core";
import test from "ava";
import { subjectOfHost } from "../../hypervisor/index.js";
import { completeProfile } from "../../hypervisor/profile.js";
import { type Known, registerKit } from "../../kit/index.js";
import { OBJECT_KITS } from "./index.js";

/** The driver that has calls of all six parts. It is reached by its folder: the toolbox knows no plugin. */
const PLUGIN = fileURLToPath(new URL("../../../../../plugins/test", import.meta.url));

/** Where the driver does as libvirt's test driver, which is what clients expect of it. */
const KNOWN: readonly Known[] = [
  {
    cases: ["network: one that is off is not stopped again"],
    because: "libvirt's test driver stops a network that is off, and calls that a success",
  },
  {
    cases: [
      "network: what a client says of the name changes nothing of which one is meant",
      "pool: what a client says of the name changes nothing of which one is meant",
    ],
    because: "libvirt's test driver finds networks and pools by their names alone where it changes them",
  },
];

const subject = subjectOfHost(await createHost({ plugins: [PLUGIN] }), "test:///default");
const profile = await completeProfile(subject);
test.after.always(() => subject.close());

for (const kit of OBJECT_KITS) {
  const known = KNOWN.filter(({ cases }) => kit.cases.some(({ name }) => cases.includes(name)));
  registerKit(test, kit, subject, { profile, known, title: kit.name });
}
