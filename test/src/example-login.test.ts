import { createHash } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./harness/command.js";
import { program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { project } from "./harness/project.js";

const NEEDS = [await program("virsh")];

testWith(
  "virsh logs in by the example of a login plugin, in the daemon and in a process of its own",
  NEEDS,
  async (t) => {
    for (const isolate of ["", 'isolate = [ "login-plain" ]\n']) {
      const daemon = new Polyvisord(await mkdtemp(join(tmpdir(), "pvlogin-")));
      t.teardown(() => daemon.dispose());
      const config = join(daemon.root, "etc/libvirt");
      await mkdir(join(config, "plugins"), { recursive: true });
      const hash = createHash("sha256").update("fred:rubble").digest("hex");
      await writeFile(join(config, "plugins/login-plain.conf"), `users = [ "fred:${hash}" ]\n`);
      const settings = `auth_unix_rw = "sasl"\nsasl_mechanisms = [ "PLAIN" ]\nplugins = [ "${project}examples/login-plain" ]\n`;
      await writeFile(join(config, "polyvisord.conf"), settings + isolate);
      await daemon.start();
      const as = async (password: string) => {
        const file = join(daemon.root, "auth.conf");
        const credentials = `[credentials-mine]\nauthname=fred\nusername=fred\npassword=${password}\n`;
        await writeFile(file, `${credentials}\n[auth-libvirt-localhost]\ncredentials=mine\n`);
        const env = { ...process.env, LIBVIRT_AUTH_FILE: file };
        return runCommand("virsh", ["-c", daemon.uri("test"), "list", "--name"], { env });
      };
      t.like(await as("rubble"), { code: 0, stdout: "test\n\n" }, isolate);
      t.regex((await as("flint")).stderr, /authentication failed/, isolate);
    }
  },
);
