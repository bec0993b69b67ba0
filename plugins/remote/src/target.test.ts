import { type HostInfo, parseUri, rootPaths, type VirtError } from "@polyvisor/core";
import test from "ava";
import { targetOf } from "./target.js";

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
  for (const [uri, around, sockets] of rows) t.deepEqual(target(uri, around).sockets, sockets, uri);
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
    ...["ssh", "libssh", "libssh2", "tcp", "tls", "ext"].map((transport): [string, VirtError["code"], string] => [
      `qemu+${transport}://host/system`,
      "SYSTEM_ERROR",
      `${transport} transport support was not enabled: Function not implemented`,
    ]),
    ["qemu://host/system", "SYSTEM_ERROR", "tls transport support was not enabled: Function not implemented"],
  ];
  for (const [uri, code, detail] of rows)
    t.like(
      t.throws<VirtError>(() => target(uri)),
      { code, detail },
      uri,
    );
});
