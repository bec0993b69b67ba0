import type { ExecutionContext } from "ava";
import test from "ava";
import { addPlugin } from "../testing/plugins.js";
import { configure, type Daemon, hasProgram, polyvisord, rootFolder, startPolyvisord } from "../testing/process.js";
import { until } from "../testing/serve.js";
import { virshAs } from "../testing/users.js";

const testVirsh = (await hasProgram("virsh")) ? test : test.skip;

/** Logs in by PLAIN, of which libvirt's client has a part: `fred` with the password `rubble`, `mary` with `contrary`. */
const LOGIN = `
const logins = new Set();
let last = 0;
export default { "auth.v1": class {
  mechanisms() { return ["PLAIN"]; }
  begin({ mechanism }, { identity, log }) {
    log.info({ seen: identity.pid > 0 }, "begins " + mechanism);
    logins.add(++last);
    return last;
  }
  async respond({ login, words }, { log }) {
    const [, name, password] = words.split("\\0");
    if (!logins.has(login)) throw new Error("no such login");
    if (name === "nobody") return { words: "", done: true, name: null };
    if ({ fred: "rubble", mary: "contrary" }[name] !== password) throw new Error("the toy does not know " + name);
    return { words: "", done: true, name };
  }
  end({ login }, { log }) { logins.delete(login); log.info({ left: logins.size }, "ends a login"); }
} };`;

/** fred may not stop anything. It takes its time. */
const POLICY = `
export default { "policy.v1": class {
  async allows({ identity, object, permission }) {
    await new Promise((resolve) => setImmediate(resolve));
    if (permission === "suspend" && identity.saslName === "fred") throw new Error("the toy has broken");
    return identity.saslName !== "fred" || object + ":" + permission !== "domain:stop";
  }
} };`;

async function rootWith(t: ExecutionContext, settings: string): Promise<string> {
  const root = await rootFolder(t);
  await addPlugin(root, "toy-login", "auth.v1", LOGIN);
  await addPlugin(root, "toy-policy", "policy.v1", POLICY);
  await configure(root, `log_level = 2\nplugin_folders = [ "${root}/plugins" ]\n${settings}`);
  return root;
}

async function serve(t: ExecutionContext, settings: string): Promise<{ root: string; daemon: Daemon }> {
  const root = await rootWith(t, settings);
  return { root, daemon: await startPolyvisord(t, root) };
}

const SETTINGS = 'auth_unix_rw = "sasl"\nsasl_mechanisms = [ "PLAIN" ]\naccess_drivers = [ "toy-policy" ]\n';

testVirsh("libvirt's client logs in by the mechanism of a plugin (needs virsh)", async (t) => {
  const { root, daemon } = await serve(t, SETTINGS);
  const right = await virshAs(root, daemon.uri, "fred", "rubble", "list");
  t.regex(right.stdout, /^ 1 +test +running$/m, right.stderr);
  const wrong = await virshAs(root, daemon.uri, "fred", "pebbles", "list");
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /error: authentication failed: authentication failed/);
  t.notRegex(wrong.stderr, /toy/);
  await until(() =>
    /"reason":"the toy does not know fred","mechanism":"PLAIN".*a client failed to log in/.test(daemon.log()),
  );
  t.is((await virshAs(root, daemon.uri, "nobody", "x", "list")).code, 1);
  await until(() => /"reason":"the mechanism proved no name"/.test(daemon.log()));
  await until(() => (daemon.log().match(/"left":0,"msg":"ends a login"/g) ?? []).length === 3);
  t.regex(daemon.log(), /"seen":true,"msg":"begins PLAIN"/);
});

testVirsh("a plugin decides on access by who logged in; where it fails it refuses (needs virsh)", async (t) => {
  const { root, daemon } = await serve(t, SETTINGS);
  const refused = await virshAs(root, daemon.uri, "fred", "rubble", "destroy", "test");
  t.regex(refused.stderr, /access denied: 'test' denied access/);
  await until(() =>
    /"user":"fred".*"call":"domainDestroy","permission":"domain:stop".*"access denied"/.test(daemon.log()),
  );
  const broken = await virshAs(root, daemon.uri, "fred", "rubble", "suspend", "test");
  t.regex(broken.stderr, /access denied: 'test' denied access/);
  await until(() => /the toy has broken.*"an access policy failed"/.test(daemon.log()));
  t.is((await virshAs(root, daemon.uri, "mary", "contrary", "destroy", "test")).code, 0);
});

const MISTAKES: readonly (readonly [what: string, settings: string, says: RegExp])[] = [
  [
    "a mechanism that nobody has",
    'auth_unix_rw = "sasl"\nsasl_mechanisms = [ "PLAIN", "GSSAPI" ]\n',
    /sasl_mechanisms: nothing here logs anybody in by GSSAPI\nhint: there is SCRAM-SHA-256, PLAIN/,
  ],
  [
    "an access driver that is not there",
    'access_drivers = [ "poklit" ]\n',
    /access_drivers: "poklit" cannot be used: .*no plugin poklit provides policy\.v1\nhint: .*these do: toy-policy/,
  ],
  [
    "an access driver that is no policy",
    'access_drivers = [ "toy-login" ]\n',
    /access_drivers: "toy-login" cannot be used: .*no plugin toy-login provides policy\.v1/,
  ],
];

for (const [what, settings, says] of MISTAKES)
  test(`a daemon does not start with ${what}`, async (t) => {
    const { code, stderr } = await polyvisord("--root", await rootWith(t, settings));
    t.is(code, 1);
    t.regex(stderr, says);
  });
