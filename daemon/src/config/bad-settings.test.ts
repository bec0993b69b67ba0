import { access } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { startDaemon } from "../daemon.js";
import type { StartError } from "../startup/start-error.js";
import { configure, rootFolder } from "../testing/process.js";

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

const BAD_SETTINGS: readonly { readonly what: string; readonly text: string; readonly says: RegExp }[] = [
  {
    what: "an unknown key",
    text: "# hello\n\nmax_cleints = 3\n",
    says: /polyvisord\.conf:3: unknown setting max_cleints\nhint: the settings are .*\bmax_clients\b/,
  },
  {
    what: "text for a number",
    text: 'max_clients = "many"\n',
    says: /polyvisord\.conf:1: max_clients: .*Expected number/,
  },
  {
    what: "a number that is too small",
    text: "max_clients = 0\n",
    says: /polyvisord\.conf:1: max_clients: .*greater than or equal to 1/,
  },
  {
    what: "permissions that are none",
    text: 'unix_sock_rw_perms = "rwx"\n',
    says: /polyvisord\.conf:1: unix_sock_rw_perms: must be permissions in octal/,
  },
  {
    what: "authentication that is not there",
    text: 'auth_unix_rw = "kerberos"\n',
    says: /polyvisord\.conf:1: auth_unix_rw: .*'none' \| 'sasl' \| 'polkit'/,
  },
  {
    what: "plain TCP, on which nothing is encrypted",
    text: "listen_tcp = 1\n",
    says: /polyvisord\.conf:1: listen_tcp: must be 0: plain TCP needs a login that also encrypts.*listen_tls = 1/,
  },
  {
    what: "plain TCP without a login",
    text: 'auth_tcp = "none"\n',
    says: /polyvisord\.conf:1: auth_tcp: must be "sasl"/,
  },
  {
    what: "priorities that cannot be kept",
    text: 'tls_priority = "SECURE256"\n',
    says: /polyvisord\.conf:1: tls_priority: must be "NORMAL", followed by versions/,
  },
  {
    what: "a flag that is neither 0 nor 1",
    text: "listen_tls = 2\n",
    says: /polyvisord\.conf:1: listen_tls: must be 0 or 1/,
  },
  {
    what: "a port that is none",
    text: 'tls_port = "70000"\n',
    says: /polyvisord\.conf:1: tls_port: must be less than 65536/,
  },
  {
    what: "TLS without certificates",
    text: "listen_tls = 1\n",
    says: /^ca_file: Cannot read CA certificate '.*\/etc\/pki\/CA\/cacert\.pem': No such file or directory\nhint: make the certificates/,
  },
  {
    what: "logins without users",
    text: 'auth_unix_rw = "sasl"\n',
    says: /sasl_users_file: the users cannot be read: ENOENT.*\nhint: polyvisord --set-password/,
  },
  {
    what: "a log output that is not there",
    text: 'log_outputs = "3:syslog:x"\n',
    says: /polyvisord\.conf:1: log_outputs: must be outputs such as/,
  },
  {
    what: "a group that is not there",
    text: 'unix_sock_group = "nosuchgroup"\n',
    says: /polyvisord\.conf:1: unix_sock_group: there is no group nosuchgroup/,
  },
  {
    what: "a certificate that is not there",
    text: '# ours\nlisten_tls = 1\nca_file = "/nonexistent/ca.pem"\n',
    says: /polyvisord\.conf:3: ca_file: Cannot read CA certificate '\/nonexistent\/ca\.pem': No such file or directory/,
  },
  {
    what: "a certificate that is none",
    text: 'tls_no_sanity_certificate = 1\nlisten_tls = 1\nca_file = "/etc/passwd"\ncert_file = "/etc/passwd"\nkey_file = "/etc/passwd"\n',
    says: /polyvisord\.conf:4: cert_file: Unable to set x509 certificate: \/etc\/passwd: .*\nhint: the files are PEM/,
  },
  {
    what: "a default URI that is none",
    text: '\nuri_default = "qemu"\n',
    says: /polyvisord\.conf:2: uri_default: must be a URI such as qemu:\/\/\/system/,
  },
  {
    what: "an access driver that nobody provides",
    text: 'access_drivers = [ "nobody" ]\n',
    says: /polyvisord\.conf:1: access_drivers: "nobody" cannot be used: .*\nhint: it may name "rules", "polkit" and plugins/,
  },
  {
    what: "access rules that are not there",
    text: 'access_drivers = [ "rules" ]\naccess_rules = "/nonexistent/rules"\n',
    says: /polyvisord\.conf:2: access_rules: the access rules cannot be read: ENOENT/,
  },
  {
    what: "a mechanism that nobody has",
    text: 'auth_unix_ro = "sasl"\nsasl_mechanisms = [ "PLAIN" ]\n',
    says: /polyvisord\.conf:2: sasl_mechanisms: nothing here logs anybody in by PLAIN\nhint: there is SCRAM-SHA-256/,
  },
  {
    what: "a plugin that is not there",
    text: '\n\nlock_manager = "nobody"\n',
    says: /polyvisord\.conf:3: lock_manager: no plugin nobody provides lock\.v1\nhint: these do: lock-lockd/,
  },
  {
    what: "a log that is a folder",
    text: 'log_outputs = "1:file:/etc"\n',
    says: /polyvisord\.conf:1: log_outputs: failed to open \/etc: Is a directory\nhint: name a file/,
  },
  {
    what: "a log where no folder can be",
    text: 'log_outputs = "1:file:/proc/none/log"\n',
    says: /polyvisord\.conf:1: log_outputs: failed to open \/proc\/none\/log: No such file or directory\nhint: name a file/,
  },
  {
    what: "a socket where no folder can be",
    text: 'metrics_listen = "unix:/dev/null/socket"\n',
    says: /no socket can be made at \/dev\/null\/socket: ENOTDIR/,
  },
  {
    what: "a socket in the place of something else",
    text: 'metrics_listen = "unix:/dev/null"\n',
    says: /\/dev\/null is there and is no socket\nhint: name another place/,
  },
  {
    what: "limits that contradict",
    text: "max_clients = 5\n",
    says: /polyvisord\.conf:1: max_clients \(5\) must not be less than max_anonymous/,
  },
];

/** What a start complains of, as the program tells it. */
async function complaintOf(start: Promise<unknown>): Promise<string> {
  return start.then(
    () => "nothing",
    (error: StartError) => `${error.message}${error.hint === undefined ? "" : `\nhint: ${error.hint}`}`,
  );
}

for (const { what, text, says } of BAD_SETTINGS) {
  test(`the start stops, and says where and why: ${what}`, async (t) => {
    const root = await rootFolder(t);
    await configure(root, text);
    t.regex(await complaintOf(startDaemon({ root, config: undefined, asLibvirt: false })), says);
    t.false(await exists(join(root, "run/libvirt/libvirt-sock")));
    t.false(await exists(join(root, "run/polyvisord.pid")));
  });
}
