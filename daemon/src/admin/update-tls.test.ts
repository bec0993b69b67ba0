import { once } from "node:events";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { freePort } from "@polyvisor/sdk/testkit";
import test from "ava";
import { type Certificate, TestAuthority } from "../testing/certificates.js";
import { configure, hasProgram, rootFolder, runProgram, startPolyvisord } from "../testing/process.js";

const tools = ["virt-admin", "openssl"];
const areHere = (await Promise.all(tools.map(hasProgram))).every((isHere) => isHere);
const check = areHere ? test : test.skip;

check("virt-admin has certificates read again, and shows clients of TLS (needs virt-admin, openssl)", async (t) => {
  const root = await rootFolder(t);
  const authority = await TestAuthority.create(join(root, "ca"));
  const port = await freePort();
  const files = { cert: join(root, "cert.pem"), key: join(root, "key.pem") };
  const put = async (certificate: Certificate) => {
    await copyFile(certificate.cert, files.cert);
    await copyFile(certificate.key, files.key);
  };
  await put(await authority.issue("server", "/CN=localhost/O=Old"));
  await configure(
    root,
    `listen_tls = 1\nlisten_addr = "127.0.0.1"\ntls_port = "${port}"\n` +
      `ca_file = "${authority.cert}"\ncert_file = "${files.cert}"\nkey_file = "${files.key}"\n`,
  );
  await startPolyvisord(t, root);
  const uri = `libvirtd:///system?socket=${root}/run/libvirt/libvirt-admin-sock`;
  const virtAdmin = (...args: string[]) => runProgram("virt-admin", ["-c", uri, ...args]);
  const own = await authority.issue("client", "/C=GB/CN=somebody");
  const [ca, cert, key] = await Promise.all([authority.cert, own.cert, own.key].map((file) => readFile(file)));
  const come = async (): Promise<TLSSocket> => {
    const client = connect({ port, host: "127.0.0.1", ca: ca as Buffer, cert: cert as Buffer, key: key as Buffer });
    t.teardown(() => client.destroy());
    client.on("error", () => {});
    // The daemon greets with one byte whom it lets in.
    await once(client, "data");
    return client;
  };

  const first = await come();
  t.is(first.getPeerCertificate().subject.O, "Old");
  await put(await authority.issue("server", "/CN=localhost/O=New"));
  t.is((await come()).getPeerCertificate().subject.O, "Old");
  t.is((await virtAdmin("srv-update-tls", "libvirtd")).stdout.trim(), "update tls related files succeed");
  t.is((await come()).getPeerCertificate().subject.O, "New");

  const good = await readFile(files.key);
  const faults: readonly (readonly [file: string, text: string | Buffer, says: string])[] = [
    [files.key, key as Buffer, `Unable to set x509 key and certificate: ${files.key}, ${files.cert}: error:`],
    [files.key, "no key", `Unable to set x509 key and certificate: ${files.key}, ${files.cert}: error:`],
    [files.cert, "no certificate", `Unable to import server certificate ${files.cert}`],
  ];
  for (const [file, text, says] of faults) {
    await writeFile(file, text);
    const { code, stderr } = await virtAdmin("srv-update-tls", "libvirtd");
    t.is(code, 1);
    t.true(stderr.startsWith(`error: Unable to update server's tls related files.\nerror: ${says}`), stderr);
    if (file === files.key) await writeFile(file, good);
  }
  t.is((await come()).getPeerCertificate().subject.O, "New");

  t.regex((await virtAdmin("srv-clients-list", "libvirtd")).stdout, /^ 1 +tls /m);
  const { stdout } = await virtAdmin("client-info", "libvirtd", "1");
  t.regex(stdout, new RegExp(`^sock_addr +: 127\\.0\\.0\\.1:${first.localPort}$`, "m"));
  t.regex(stdout, /^tls_x509_dname *: .*CN=somebody/m);
});
