import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { parseUsers, UsersFile } from "./users.js";
import { formatVerifier, verifierOf } from "./verifier.js";

const verifier = await verifierOf("pencil", Buffer.from("0123456789abcdef"), 4096);
const line = formatVerifier(verifier);

test("a user is added or changed, and everything else in the file stays", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "pvd-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = new UsersFile(join(folder, "users"));
  await file.set("fred", verifier);
  await writeFile(file.path, `# the quarry\n${await readFile(file.path, "utf8")}fredo:${line}\n`);
  await file.set("fred", { ...verifier, iterations: 8192 });
  await file.set("mary of Ōsaka@EXAMPLE", verifier);
  t.is(
    await readFile(file.path, "utf8"),
    `# the quarry\nfredo:${line}\nfred:${line.replace("$4096:", "$8192:")}\nmary of Ōsaka@EXAMPLE:${line}\n`,
  );
  t.is((await file.find("fred"))?.iterations, 8192);
  t.is(await file.find("nobody"), undefined);
  t.deepEqual(await file.find("mary of Ōsaka@EXAMPLE"), verifier);
});

for (const name of ["", "a:b", "#fred", " fred", "fred\nroot"]) {
  test(`a name that no user can have: ${JSON.stringify(name)}`, async (t) => {
    const file = new UsersFile("/nonexistent/users");
    await t.throwsAsync(file.set(name, verifier), { message: /cannot be the name of a user/ });
  });
}

const FAULTS: readonly (readonly [what: string, text: string, says: string])[] = [
  ["no verifier", "fred", "users:1: this is no user"],
  ["no name", `\n:${line}`, "users:2: this is no user"],
  ["a user who is there twice", `fred:${line}\nfred:${line}`, "users:2: the user fred is there twice"],
  ["iterations that anybody could try", `fred:${line.replace("4096", "1")}`, "users:1: this is no user"],
];

for (const [what, text, message] of FAULTS)
  test(`a file of users is refused with its line: ${what}`, (t) => {
    t.throws(() => parseUsers("users", text), { message });
  });
