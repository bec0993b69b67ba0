// What a test runs in a process of its own, such as in a network namespace: a kit over the plugin of a folder. Prints the report.
import { completeProfile, TRAITS } from "../../../hypervisor/index.js";
import { runKit } from "../../../kit/index.js";
import { ofPlugin } from "../../../library.js";
import { OBJECT_KITS } from "../index.js";

const [name, folder = "", uri = ""] = process.argv.slice(2);
const kit = OBJECT_KITS.find((each) => each.name === name);
if (kit === undefined) throw new Error(`there is no kit ${name}`);
const subject = await ofPlugin(folder, uri);
const profile = await completeProfile(subject, { traits: [TRAITS.keepsDefinitions] });
const report = await runKit(kit, subject, { profile });
await subject.close();
process.stdout.write(`${JSON.stringify(report)}\n`);
