import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type HostInfo, parseUri, rootPaths, type VirtError } from "@polyvisor/core";
import test from "ava";
import { type Target, targetOf } from "./target.js";

const SYSTEM: HostInfo = { mode: "system", paths: rootPaths("/srv") };
const SESSION: HostInfo = { mode: "session", paths: rootPaths("/home/me") };

function target(uri: string, { readOnly = false, uid = 0, info = SYSTEM, env = {} as NodeJS.ProcessEnv } = {}) {
  return targetOf(parseUri(uri), { info, readOnly, uid, env });
}

test("the daemon gets the URI without the way to it, and what libvirt's client keeps to itself is kept", (t) => {
  const rows: [uri: string, name: string][] = [
    ["test+unix:///default?socket=/s", "test:///default"],
    ["qemu+unix:///system?socket=/s&no_verify=1&mode=legacy&proxy=auto&authfile=/a", "qemu:///system"],
    ["qemu+unix:///system?SOCKET=/s&Keyfile=/k&cache=1", "qemu:///system?cache=1"],
    ["test+unix:///a%20b?socket=/s&x=1%262#f", "test:///a%20b?x=1%262#f"],
    ["esx+unix:///?socket=/s&name=esx%3A%2F%2Fhost%2F%3Fno_verify%3D1", "esx://host/?no_verify=1"],
    ["remote+unix:///?socket=/s", ""],
    ["remote:///", ""],
    ["qemu:///session", "qemu:///session"],
  ];
  for (const [uri, name] of rows) t.is(target(uri).name, name, uri);
});

test("a socket that the URI names is the only one; else our own daemon's comes before libvirt's", (t) => {
  const user = { uid: 1000, info: SESSION, env: { XDG_RUNTIME_DIR: "/run/user/1000" } };
  const rows: [uri: string, around: Parameters<typeof target>[1], sockets: string[]][] = [
    ["test+unix:///default?socket=/s", {}, ["/s"]],
    ["test+unix:///default?socket=/s", { readOnly: true }, ["/s"]],
    [
      "qemu:///system",
      {},
      ["/srv/run/libvirt/libvirt-sock", "/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"],
    ],
    [
      "qemu+unix:///system",
      { readOnly: true },
      ["/srv/run/libvirt/libvirt-sock-ro", "/run/libvirt/libvirt-sock-ro", "/run/libvirt/virtqemud-sock-ro"],
    ],
    ["qemu:///system?mode=direct", {}, ["/run/libvirt/virtqemud-sock"]],
    ["qemu:///system?mode=legacy", {}, ["/srv/run/libvirt/libvirt-sock", "/run/libvirt/libvirt-sock"]],
    ["remote:///", {}, ["/srv/run/libvirt/libvirt-sock", "/run/libvirt/libvirt-sock"]],
    [
      "qemu:///session",
      user,
      [
        "/home/me/run/libvirt/libvirt-sock",
        "/run/user/1000/libvirt/libvirt-sock",
        "/run/user/1000/libvirt/virtqemud-sock",
      ],
    ],
    [
      "test:///default?mode=legacy",
      { ...user, readOnly: true },
      ["/home/me/run/libvirt/libvirt-sock", "/run/user/1000/libvirt/libvirt-sock"],
    ],
    ["qemu:///system?mode=legacy", user, ["/run/polyvisor/libvirt-sock", "/run/libvirt/libvirt-sock"]],
    [
      "qemu:///session?mode=legacy",
      { ...user, env: { HOME: "/home/me" } },
      ["/home/me/run/libvirt/libvirt-sock", "/home/me/.cache/libvirt/libvirt-sock"],
    ],
  ];
  for (const [uri, around, sockets] of rows)
    t.deepEqual(
      target(uri, around).doors,
      sockets.map((path) => ({ kind: "unix", path })),
      uri,
    );
});

test("ports, certificates and commands are those of the URI, or libvirt's own", (t) => {
  const nc = (name: string, socket: string) =>
    `if '${name}' -q 2>&1 | grep "requires an argument" >/dev/null; then q=-q0; else q=; fi; '${name}' $q -U '${socket}'`;
  const ssh = (command: string, ...words: string[]): Target["doors"][0] => ({
    kind: "command",
    argv: [...words, `sh -c '${command.replaceAll("'", "'\\''")}'`],
  });
  const plain = ["ssh", "-T", "-e", "none", "--", "host"];
  const auto = (helper: string, socket: string) =>
    `if command -v virt-ssh-helper >/dev/null 2>&1; then ${helper}; else ${nc("nc", socket)}; fi`;
  const rows: [uri: string, around: Parameters<typeof target>[1], door: Target["doors"][0]][] = [
    ["qemu+tcp://host/system", {}, { kind: "tcp", host: "host", port: 16509 }],
    ["qemu+tcp:///system", {}, { kind: "tcp", host: "localhost", port: 16509 }],
    ["qemu+tcp://[::1]:7/system", {}, { kind: "tcp", host: "::1", port: 7 }],
    ["qemu://host/system", {}, { kind: "tls", host: "host", port: 16514, pkipath: undefined, verify: true }],
    [
      "qemu+tls://host:5/system?no_verify=1&pkipath=/p&tls_priority=NORMAL:-VERS-TLS1.3",
      {},
      {
        kind: "tls",
        host: "host",
        port: 5,
        pkipath: "/p",
        verify: false,
        versions: { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
      },
    ],
    ["qemu+ext:///system?command=/c", {}, { kind: "command", argv: ["/c"] }],
    [
      "qemu+ssh://host/system",
      {},
      ssh(auto("virt-ssh-helper 'qemu:///system'", "/run/libvirt/libvirt-sock"), ...plain),
    ],
    [
      "qemu+ssh://host/system",
      { readOnly: true },
      ssh(auto("virt-ssh-helper -r 'qemu:///system'", "/run/libvirt/libvirt-sock-ro"), ...plain),
    ],
    ["qemu+ssh://host/session", { uid: 7 }, ssh("virt-ssh-helper 'qemu:///session'", ...plain)],
    ["qemu+ssh://host/system?socket=/s", {}, ssh(nc("nc", "/s"), ...plain)],
    ["qemu+ssh://host/system?netcat=/n", {}, ssh(nc("/n", "/run/libvirt/libvirt-sock"), ...plain)],
    [
      "qemu+ssh://me@host:22/system?proxy=native&command=/my ssh&keyfile=/k&no_tty=1&no_verify=1",
      {},
      ssh(
        "virt-ssh-helper 'qemu:///system'",
        ...["/my ssh", "-p", "22", "-l", "me", "-i", "/k", "-T", "-e", "none"],
        ...["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "--", "host"],
      ),
    ],
  ];
  for (const [uri, around, door] of rows) t.deepEqual(target(uri, around).doors, [door], uri);
});

test("what a URI carries reaches the other end's shell as one word", async (t) => {
  const evil = "a'b\"c$(touch /nowhere)\\ `d`;e";
  const uri = `qemu+ssh://host/system?proxy=native&name=${encodeURIComponent(evil)}`;
  const [door] = target(uri).doors;
  const command = door.kind === "command" ? (door.argv.at(-1) ?? "") : "";
  const folder = await mkdtemp(join(tmpdir(), "word-"));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "virt-ssh-helper"), '#!/bin/sh\nprintf %s "$1"\n', { mode: 0o755 });
  const { stdout } = await promisify(execFile)("/bin/sh", ["-c", command], {
    env: { PATH: `${folder}:${process.env.PATH}` },
  });
  t.is(stdout, evil);
});

test("only ways on which nobody listens are secure", (t) => {
  const rows = { unix: true, ssh: true, tls: true, tcp: false, ext: false };
  for (const [transport, isSecure] of Object.entries(rows))
    t.is(target(`qemu+${transport}:///system?command=/c`).isSecure, isSecure, transport);
});

test("what libvirt's client refuses is refused with its code and words", (t) => {
  const rows: [uri: string, code: VirtError["code"], detail: string][] = [
    [
      "qemu+pigeon:///system",
      "INVALID_ARG",
      "remote_open: transport in URL not recognised (should be tls|unix|ssh|ext|tcp|libssh2|libssh)",
    ],
    ["qemu+unix://host/system", "INVALID_ARG", "using unix socket and remote server 'host' is not supported."],
    ["qemu+unix:///system?mode=odd", "INVALID_ARG", "Unknown remote mode 'odd'"],
    ["qemu+unix:///system?proxy=odd", "INVALID_ARG", "Unnkown proxy type 'odd'"],
    ["qemu+unix:///system?no_tty=yes", "INVALID_ARG", "Failed to parse value of URI component no_tty"],
    ["remote:///?mode=direct", "OPERATION_UNSUPPORTED", "Cannot use direct socket mode if no URI is set"],
    ...["libssh", "libssh2"].map((transport): [string, VirtError["code"], string] => [
      `qemu+${transport}://host/system`,
      "SYSTEM_ERROR",
      `${transport} transport support was not enabled: Function not implemented`,
    ]),
    ["qemu+ext://host/system", "INVALID_ARG", "remote_open: for 'ext' transport, command is required"],
    ["qemu+ssh://host/system?mode=direct", "OPERATION_UNSUPPORTED", "Cannot use direct socket mode for ssh transport"],
    ["qemu+ssh://host/system?netcat=nc&proxy=native", "INVALID_ARG", "netcat path not valid with native proxy mode"],
    ["qemu+tls://host/system?tls_priority=SECURE256", "INVALID_ARG", "Failed to set TLS session priority to SECURE256"],
  ];
  for (const [uri, code, detail] of rows)
    t.like(
      t.throws<VirtError>(() => target(uri)),
      { code, detail },
      uri,
    );
});
