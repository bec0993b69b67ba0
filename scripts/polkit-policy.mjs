// Writes daemon/polkit/org.libvirt.api.policy: polkit's actions, one for each permission of the API table. A test of the
// daemon fails where it is stale.
import { writeFile } from "node:fs/promises";
import { polkitPolicyFile } from "../daemon/dist/access/polkit-actions.js";

const path = new URL("../daemon/polkit/org.libvirt.api.policy", import.meta.url).pathname;
await writeFile(path, polkitPolicyFile());
process.stdout.write(`${path}\n`);
