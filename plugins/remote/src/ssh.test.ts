import { access, symlink, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, type VirtError } from "@polyvisor/core";
import {
  findSshd,
  hasLibvirtd,
  type PrivateLibvirtd,
  type PrivateSshd,
  startLibvirtd,
  startSshd,
} from "@polyvisor/sdk/testkit";
import test from "ava";

/** A real sshd on the loopback address stands between, and a real libvirtd behind it. */
const binary = await findSshd();
const present = binary !== undefined && (await hasLibvirtd());
const real = present ? test : test.skip;
if (!present) test.skip("no sshd or no libvirtd is installed, so nothing is reached by ssh", () => {});

const hasNetcat = await access("/usr/bin/nc").then(
  () => true,
  () => false,
);
const withNetcat = present && hasNetcat ? test : test.skip;
if (!hasNetcat) test.skip("no nc is installed, so no daemon is reached by it", () => {});

const host = await createHost({ plugins: [fileURLToPath(new URL("..", import.meta.url))] });
let [daemon, sshd]: [PrivateLibvirtd?, PrivateSshd?] = [];

test.before(async () => {
  if (!present || binary === undefined) return;
  [daemon, sshd] = [await startLibvirtd(), await startSshd(binary)];
  // What stands for the helper of the other machine: it goes to the test's daemon, whatever URI it is given.
  const helper = `#!/bin/sh\necho "$*" >> ${join(daemon.folder, "asked")}\nexec nc -U ${daemon.socket}\n`;
  await writeFile(join(sshd.bin, "virt-ssh-helper"), helper, { mode: 0o755 });
  await symlink("/usr/bin/nc", join(sshd.bin, "my nc")).catch(() => {});
});
test.after.always(async () => {
  await host.close();
  await sshd?.stop();
  await daemon?.stop();
});

function uri(more: string): string {
  const { port, command, keyfile } = sshd as PrivateSshd;
  const user = userInfo().username;
  const client = `command=${command}&keyfile=${keyfile}&no_verify=1&no_tty=1`;
  return `test+ssh://${user}@127.0.0.1:${port}/default?${client}${more}`;
}

withNetcat("calls and events go through nc to the socket that the URI names, and through the helper", async (t) => {
  const socket = daemon?.socket;
  for (const more of [`&socket=${socket}`, `&socket=${socket}&netcat=my%20nc`, "", "&proxy=native"]) {
    const connection = await host.open(uri(more));
    t.teardown(() => connection.close());
    t.is(connection.uri, "test:///default");
    t.true(await connection.api.connectIsSecure({}));
    const events = await connection.events({ kinds: ["lifecycle"] });
    const padding = "x".repeat(1 << 20);
    const xml = `<domain type='test'><name>far</name><description>${padding}</description><memory>8192</memory><os><type>hvm</type></os></domain>`;
    const domain = await connection.define(xml);
    t.true((await domain.getXMLDesc()).includes(padding), "a long message arrives whole");
    await domain.undefine();
    for await (const event of events) {
      t.is(event.dom.name, "far");
      break;
    }
  }
});

real("why ssh ended is told with its own words", async (t) => {
  const gone = { code: "SYSTEM_ERROR" } as const;
  const rows: [uri: string, words: RegExp][] = [
    [
      uri("&proxy=netcat&netcat=/no/such/nc"),
      /\/no\/such\/nc.*not found.*: (Connection reset by peer|Input\/output error)$/s,
    ],
    [
      uri("").replace(/keyfile=[^&]*/, "keyfile=/dev/null"),
      /Permission denied \(publickey\)\.: (Connection reset by peer|Input\/output error)$/,
    ],
    [
      "test+ssh://127.0.0.1/default?command=/no/such/ssh",
      /\/no\/such\/ssh: not found: (Connection reset by peer|Input\/output error)$/,
    ],
  ];
  for (const [address, words] of rows) {
    const error = await t.throwsAsync<VirtError>(host.open(address));
    t.like(error, gone);
    t.regex(error.message, words);
  }
});

withNetcat("an ssh that ends takes the connection with it, and one that is closed ends", async (t) => {
  const own = await startLibvirtd();
  t.teardown(own.stop);
  const connection = await host.open(uri(`&socket=${own.socket}`));
  await own.stop();
  t.regex((await connection.lost)?.message ?? "", /^End of file while reading data/);
  await t.throwsAsync(connection.domains(), { message: "internal error: client socket is closed" });
  await connection.close();
});
