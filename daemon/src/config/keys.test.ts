import { readFile } from "node:fs/promises";
import test from "ava";
import { RecordedLog } from "../testing/recorded-log.js";
import { hostUuidOf } from "./host-uuid.js";
import { settingsOf } from "./load.js";
import { type Settings, settingsSchema } from "./schema.js";
import { tellWithoutEffect, WITHOUT_EFFECT } from "./without-effect.js";

const DOCS = new URL("../../../docs/operating.md", import.meta.url);

const uint = [
  ["-1", /greater than or equal to/],
  ['"5"', /Expected number/],
  ["4294967296", /less than or equal to/],
] as const;
const count = [["0", /greater than or equal to 1/], ...uint] as const;
const bool = [
  ["2", /must be 0 or 1/],
  ['"yes"', /Expected number/],
] as const;
const octal = [
  ["770", /Expected string/],
  ['"0888"', /permissions in octal/],
] as const;
const path = [
  ['"pki/x.pem"', /must be an absolute path/],
  ["1", /Expected string/],
] as const;
const list = [
  ['"one"', /Expected array/],
  ["[ 1 ]", /Expected string/],
] as const;
const portWords = [
  ["16514", /Expected string/],
  ['"99999"', /less than 65536/],
  ['"https"', /number of a port/],
] as const;
const login = [
  ['"kerberos"', /'none' \| 'sasl'/],
  ["1", /received number/],
] as const;
const anyNumber = [['"1"', /Expected number/]] as const;

/** Every key of the libvirtd.conf of libvirt 9.0: values that are taken, and values that are not, with what is said of them. */
const KEYS: Readonly<Record<string, readonly [good: readonly string[], bad: readonly (readonly [string, RegExp])[]]>> =
  {
    listen_tls: [["0", "1"], bool],
    listen_tcp: [["0"], [["1", /must be 0: plain TCP needs a login that also encrypts/]]],
    tls_port: [['"16514"'], portWords],
    tcp_port: [['"16509"'], portWords],
    listen_addr: [['"192.168.0.1"'], [['""', /at least 1 character/]]],
    unix_sock_group: [['"libvirt"'], [['""', /at least 1 character/]]],
    unix_sock_ro_perms: [['"0777"', '"777"'], octal],
    unix_sock_rw_perms: [['"0770"'], octal],
    unix_sock_admin_perms: [['"0700"'], octal],
    unix_sock_dir: [['"/run/libvirt"'], path],
    auth_unix_ro: [['"none"', '"sasl"', '"polkit"'], login],
    auth_unix_rw: [['"none"', '"sasl"', '"polkit"'], login],
    auth_tcp: [['"sasl"'], [['"none"', /must be "sasl": on plain TCP nothing else would be safe/]]],
    auth_tls: [['"none"', '"sasl"'], login],
    tcp_min_ssf: [["112"], [["56", /greater than or equal to 112/]]],
    access_drivers: [['[ "rules" ]', '[ "polkit", "a-plugin" ]', "[ ]"], [['"rules"', /Expected array/]]],
    key_file: [['"/etc/pki/libvirt/private/serverkey.pem"'], path],
    cert_file: [['"/etc/pki/libvirt/servercert.pem"'], path],
    ca_file: [['"/etc/pki/CA/cacert.pem"'], path],
    crl_file: [['"/etc/pki/CA/crl.pem"'], path],
    tls_no_sanity_certificate: [["0", "1"], bool],
    tls_no_verify_certificate: [["0", "1"], bool],
    tls_allowed_dn_list: [['[ "DN1", "DN2" ]', "[ ]"], list],
    tls_priority: [['"NORMAL"', '"NORMAL:-VERS-TLS1.2"'], [['"SECURE256"', /must be "NORMAL", followed by versions/]]],
    sasl_mechanisms: [
      ['[ "SCRAM-SHA-256" ]', '[ "PLAIN", "SCRAM-SHA-256" ]'],
      [["[ ]", /at least 1/], ...list],
    ],
    sasl_allowed_username_list: [['[ "joe@EXAMPLE.COM" ]'], list],
    max_clients: [["5000"], count],
    max_queued_clients: [["1000", "0"], uint],
    max_anonymous_clients: [["20", "0"], uint],
    min_workers: [["5", "0"], uint],
    max_workers: [["20"], count],
    prio_workers: [["5", "0"], uint],
    max_client_requests: [["5"], count],
    admin_min_workers: [["1", "0"], uint],
    admin_max_workers: [["5"], count],
    admin_max_clients: [["5"], count],
    admin_max_queued_clients: [["5", "0"], uint],
    admin_max_client_requests: [["5"], count],
    log_level: [
      ["1", "4"],
      [
        ["0", /greater than or equal to 1/],
        ["5", /less than or equal to 4/],
      ],
    ],
    log_filters: [
      ['"1:qemu 4:json"', '""'],
      [
        ['"qemu"', /must be filters such as/],
        ['"9:qemu"', /must be filters/],
      ],
    ],
    log_outputs: [
      ['"3:stderr"'],
      [
        ['"3:syslog:libvirtd"', /must be outputs such as/],
        ['"stderr"', /must be outputs/],
      ],
    ],
    audit_level: [["0", "1"], [["2", /must be 0, or 1 .*there is no audit trail/]]],
    audit_logging: [["0"], [["1", /must be 0: there is no audit trail/]]],
    host_uuid: [
      ['"c7a5fdbd-cdaf-9455-926a-d65c16db1809"', '"C7A5FDBDCDAF9455926AD65C16DB1809"'],
      [
        ['"00000000-0000-0000-0000-000000000000"', /must be a UUID whose digits are not all the same/],
        ['"host"', /must be a UUID/],
      ],
    ],
    host_uuid_source: [['"smbios"', '"machine-id"'], [['"dmi"', /'smbios' \| 'machine-id'/]]],
    keepalive_interval: [
      ["5", "-1"],
      [
        ["-2", /greater than or equal to -1/],
        ['"5"', /Expected number/],
      ],
    ],
    keepalive_count: [["5", "0"], uint],
    keepalive_required: [["1"], anyNumber],
    admin_keepalive_required: [["1"], anyNumber],
    admin_keepalive_interval: [["5", "-1"], [["-2", /greater than or equal to -1/]]],
    admin_keepalive_count: [["5"], uint],
    ovs_timeout: [["5"], uint],
  };

const FILE = "/etc/polyvisord.conf";

/** The settings of a file with this key in its second line. */
const read = (key: string, value: string) => settingsOf(FILE, `# a comment\n${key} = ${value}\n`);

for (const [key, [good, bad]] of Object.entries(KEYS))
  test(`the key ${key}: what is possible is taken, all else is refused with its place`, (t) => {
    for (const value of good) t.notThrows(() => read(key, value), value);
    for (const [value, words] of bad) {
      const { message } = t.throws(() => read(key, value), undefined, value);
      t.true(message.startsWith(`${FILE}:2: ${key}: `), message);
      t.regex(message, words);
    }
  });

test("plugins are packages or absolute folders", (t) => {
  const given = read("plugins", '[ "@scope/driver", "driver", "/opt/driver" ]');
  t.deepEqual(given.plugins, ["@scope/driver", "driver", "/opt/driver"]);
  for (const bad of ["./driver", "../driver", "a b", "@scope", ""])
    t.throws(() => read("plugins", `[ "${bad}" ]`), { message: /must be names of packages or absolute folders/ });
  t.deepEqual(read("disabled_plugins", '[ "esx" ]').disabled_plugins, ["esx"]);
});

test("a key that nobody knows is refused with its place, and those that there are are told", (t) => {
  const error = t.throws(() => read("max_requests", "20")) as Error & { hint?: string };
  t.is(error.message, `${FILE}:2: unknown setting max_requests`);
  for (const key of Object.keys(KEYS)) t.true(error.hint?.split(/[ ,]+/).includes(key), key);
});

test("the host's UUID is the one that the settings give, in libvirt's spelling, or that of the file that they name", async (t) => {
  const given = read("host_uuid", '"C7A5FDBDCDAF9455926AD65C16DB1809"');
  t.is(await hostUuidOf(given), "c7a5fdbd-cdaf-9455-926a-d65c16db1809");
  t.is(await hostUuidOf(read("host_uuid_source", '"smbios"')), undefined);
  const machine = await readFile("/etc/machine-id", "utf8").catch(() => "");
  const named = hostUuidOf(read("host_uuid_source", '"machine-id"'));
  if (machine.trim() === "") await t.throwsAsync(named, { message: /\/etc\/machine-id holds no UUID/ });
  else t.is((await named)?.replaceAll("-", ""), machine.trim());
});

test("every fault of a file is told at once, each with its line", (t) => {
  const text = 'max_clients = 0\nlisten_tls = "yes"\nmax_cleints = 9\n';
  const { message } = t.throws(() => settingsOf(FILE, text));
  t.is(message.split("\n").length, 3, message);
  for (const place of ["1: max_clients", "2: listen_tls", "3: unknown setting max_cleints"])
    t.true(message.includes(`${FILE}:${place}`), message);
});

test("of a key that changes nothing the log says so, and why; of others it says nothing", (t) => {
  const lines = Object.entries(KEYS).map(([key, [[value]]]) => `${key} = ${value}`);
  const log = new RecordedLog();
  tellWithoutEffect(settingsOf(FILE, lines.join("\n")), log);
  const told = log.lines.map(({ level, setting, message }) => [level, setting, message]);
  t.deepEqual(
    told,
    Object.entries(WITHOUT_EFFECT).map(([key, why]) => ["warn", key, `${key} has no effect: ${why}`]),
  );
  const quiet = new RecordedLog();
  tellWithoutEffect(settingsOf(FILE, "max_clients = 100\n") as Settings, quiet);
  t.deepEqual(quiet.lines, []);
});

test("docs/operating.md tells of every key", async (t) => {
  const words = new Set((await readFile(DOCS, "utf8")).match(/`[a-z_]+`/g));
  for (const key of new Set([...Object.keys(KEYS), ...Object.keys(settingsSchema.shape)]))
    t.true(words.has(`\`${key}\``), key);
});
