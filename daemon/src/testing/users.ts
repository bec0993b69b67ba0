import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { type Ended, POLYVISORD, runProgram } from "./process.js";

/** Lets a user log in to the daemon of this root, as an operator does. */
export async function setPassword(t: ExecutionContext, root: string, user: string, password: string): Promise<void> {
  const program = [POLYVISORD, "--root", root, "--set-password", user];
  const { code, stdout, stderr } = await runProgram(process.execPath, program, { input: `${password}\n` });
  t.is(code, 0, stderr);
  t.is(stdout, `${user} may log in by SASL (${root}/etc/libvirt/sasl-users)\n`);
}

/** Runs virsh with a user's name and password in its authentication file. */
export async function virshAs(
  root: string,
  uri: string,
  user: string,
  password: string,
  ...args: string[]
): Promise<Ended> {
  const file = join(root, `auth-${user}.conf`);
  const credentials = `[credentials-mine]\nauthname=${user}\nusername=${user}\npassword=${password}\n`;
  await writeFile(file, `${credentials}\n[auth-libvirt-localhost]\ncredentials=mine\n`);
  return runProgram("virsh", ["-c", uri, ...args], { env: { LIBVIRT_AUTH_FILE: file, LC_ALL: "C" } });
}

/** Whether libvirt's client can log in by SCRAM here. */
export async function hasScram(): Promise<boolean> {
  return (await runProgram("sh", ["-c", "ls /usr/lib*/*/sasl2/libscram.so"])).code === 0;
}
