import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "@polyvisor/sdk/testkit";
import test from "ava";
import { startActivated } from "../testing/activate.js";
import { TestAuthority } from "../testing/certificates.js";
import { configure, hasProgram, rootFolder, runProgram } from "../testing/process.js";
import { until } from "../testing/serve.js";

const missing = (
  await Promise.all(["python3", "virsh", "openssl"].map(async (name) => ((await hasProgram(name)) ? [] : [name])))
).flat();

const O_CLOEXEC = 0o2000000;

if (missing.length > 0) test.skip(`sockets of a service manager: no ${missing.join(", ")} here`, () => {});
else {
  test("clients come in by the sockets that a service manager made, and those stay when the daemon ends", async (t) => {
    const root = await rootFolder(t);
    const authority = await TestAuthority.create(join(root, "ca"));
    const { cert, key } = await authority.issue("server", "/CN=localhost");
    const files = `ca_file = "${authority.cert}"\ncert_file = "${cert}"\nkey_file = "${key}"\n`;
    await configure(root, `tls_no_verify_certificate = 1\n${files}`);
    const [manage, monitor, port] = [join(root, "manage"), join(root, "monitor"), await freePort()];
    const daemon = startActivated(t, root, {
      "polyvisord.socket": manage,
      "polyvisord-ro.socket": monitor,
      "libvirtd-tls.socket": port,
    });
    await until(() => /list --all\n/.test(daemon.out()) || daemon.process.exitCode !== null);
    t.is(daemon.process.exitCode, null, daemon.err());
    const virsh = (uri: string, ...args: string[]) => runProgram("virsh", ["-c", uri, ...args]);
    t.is((await virsh(`test+unix:///default?socket=${manage}`, "destroy", "test")).code, 0);
    t.regex(
      (await virsh(`test+unix:///default?socket=${monitor}`, "destroy", "test")).stderr,
      /read only access prevents virDomainDestroy/,
    );
    t.is((await virsh(`test+tls://localhost:${port}/default?pkipath=${join(root, "ca")}&no_sanity=1`, "list")).code, 0);
    for (const descriptor of [3, 4, 5]) {
      const info = await readFile(`/proc/${daemon.process.pid}/fdinfo/${descriptor}`, "utf8");
      t.not(Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? "0", 8) & O_CLOEXEC, 0);
    }
    t.false((await readdir(join(root, "run/libvirt"))).some((name) => name.startsWith("libvirt-sock")));
    daemon.process.kill("SIGTERM");
    t.is(await daemon.ended, 0);
    t.true((await stat(manage)).isSocket());
  });

  const REFUSED: readonly { readonly what: string; readonly name: string; readonly says: RegExp }[] = [
    {
      what: "an unknown name",
      name: "cups.socket",
      says: /a socket named "cups\.socket": what is it for\?\nhint: the names are/,
    },
    { what: "plain TCP", name: "libvirtd-tcp.socket", says: /libvirtd-tcp\.socket, but plain TCP is not served/ },
  ];

  for (const { what, name, says } of REFUSED) {
    test(`a socket of a service manager is refused: ${what}`, async (t) => {
      const root = await rootFolder(t);
      const daemon = startActivated(t, root, { [name]: join(root, "sock") });
      t.is(await daemon.ended, 1);
      t.regex(daemon.err(), says);
    });
  }
}
