import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VirtError } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { authFiles, credentialsFor } from "./auth-file.js";

const FILE = `# who may what
[credentials-one]
authname=fred
password=pass\\sword = 1

[auth-libvirt-host.example]
credentials=one
[auth-libvirt-broken]
[auth-libvirt-dangling]
credentials=nobody
`;

async function file(t: ExecutionContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "auth-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, "auth.conf");
  await writeFile(path, text);
  return path;
}

test("a host has its own credentials, or those of all hosts", async (t) => {
  const path = await file(t, FILE);
  const expected = { authname: "fred", password: "pass word = 1" };
  t.deepEqual(Object.fromEntries(await credentialsFor("host.example", [path])), expected);
  t.is((await credentialsFor("other", [path])).size, 0);
  const forAll = await file(t, `${FILE}[auth-libvirt-default]\ncredentials=one\n`);
  t.deepEqual(Object.fromEntries(await credentialsFor("other", ["/nowhere/auth.conf", forAll])), expected);
});

test("what a file lacks is told with its name", async (t) => {
  const path = await file(t, FILE);
  const rows = {
    broken: `Missing item 'credentials' in group 'auth-libvirt-broken' in '${path}'`,
    dangling: `Missing group 'credentials-nobody' referenced from group 'auth-libvirt-dangling' in '${path}'`,
  };
  for (const [host, detail] of Object.entries(rows)) {
    const error = await t.throwsAsync<VirtError>(credentialsFor(host, [path]));
    t.like(error, { code: "CONF_SYNTAX", detail });
  }
  t.like(await t.throwsAsync(credentialsFor("host", ["/nowhere/auth.conf"])), { code: "SYSTEM_ERROR" });
});

test("the environment's file counts before the URI's, and that before the user's and the system's", (t) => {
  t.deepEqual(authFiles("/uri", { LIBVIRT_AUTH_FILE: "/env" }, 7), ["/env"]);
  t.deepEqual(authFiles("/uri", {}, 7), ["/uri"]);
  t.deepEqual(authFiles(undefined, { HOME: "/h" }, 7), ["/h/.config/libvirt/auth.conf", "/etc/libvirt/auth.conf"]);
  t.deepEqual(authFiles(undefined, { HOME: "/root" }, 0), ["/etc/libvirt/auth.conf"]);
});

test("each service has groups of its own", async (t) => {
  const text =
    "[credentials-a]\nusername=root\n[auth-esx-default]\ncredentials=a\n[auth-libvirt-default]\ncredentials=b\n";
  const path = await file(t, text);
  t.is((await credentialsFor("host", [path], "esx")).get("username"), "root");
});
