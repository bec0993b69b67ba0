import { mkdirSync } from "node:fs";
import { answer, languageOf } from "./answer.js";

/**
 * A VBoxManage with machines that only exist on paper, for tests: VirtualBox itself cannot be had for them. Its state is in
 * the folder VBOX_USER_HOME.
 */
const folder = process.env.VBOX_USER_HOME;
if (folder === undefined) throw new Error("the stand-in needs VBOX_USER_HOME");
mkdirSync(folder, { recursive: true });
const language = languageOf(process.env.LC_ALL ?? process.env.LANG);
const { status, text } = answer(process.argv.slice(2), { folder, language });
process[status === 0 ? "stdout" : "stderr"].write(text);
process.exitCode = status;
