import { symlink } from "node:fs/promises";
import { formatUri, type VirtError } from "@polyvisor/core";
import test from "ava";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import { errorOf } from "../testing/raw-client.js";
import { RecordedLog } from "../testing/recorded-log.js";
import { serve } from "../testing/serve.js";
import { OTHER_DOMAIN, TEST_DOMAIN } from "../testing/tiny-driver.js";
import { destinationOf } from "./open-uri.js";
import { parseUpstream } from "./upstream.js";

const LISTED = [
  "qemu+ssh://backup@far/system?keyfile=/etc/keys/far&command=/usr/bin/ssh",
  "qemu://Near/system?pkipath=/etc/pki/near",
  "test+unix:///default?socket=/run/other",
  "remote+tls://gate:99/?name=lxc:///system",
];
const upstreams = LISTED.map(parseUpstream);

/** What a client names, and which of the operator's URIs it leads to, or what it opens here. */
const LEADS: readonly (readonly [name: string, to: number | string])[] = [
  ["qemu+ssh://far/system", 0],
  ["qemu+ssh://backup@FAR/system", 0],
  ["qemu+ssh://far/system?keyfile=/etc/keys/far", 0],
  ["qemu+tls://near/system", 1],
  ["qemu://near/system", 1],
  ["test+unix:///default?socket=/run/other", 2],
  ["remote+tls://gate:99/", 3],
  ["test:///default", "test:///default"],
  ["test+unix:///default", "test:///default"],
  ["test+unix:///default?socket=/run/polyvisor/libvirt-sock&mode=direct&x=1", "test:///default?x=1"],
  ["qemu+ext:///system?command=/bin/true", "qemu:///system"],
  ["esx://vcenter/dc?no_verify=1&y=2", "esx://vcenter/dc?no_verify=1&y=2"],
];
for (const [name, to] of LEADS)
  test(`${name} leads ${typeof to === "number" ? `to ${LISTED[to]}` : `here, to ${to}`}`, (t) => {
    const { kind, uri } = destinationOf(name, upstreams);
    if (typeof to === "number") t.deepEqual({ kind, uri }, { kind: "upstream", uri: upstreams[to] } as never);
    else t.deepEqual({ kind, uri: formatUri(uri) }, { kind: "here", uri: to });
  });

/** What would run programs, read files or trust others as the daemon's user. */
const REFUSED: readonly (readonly [name: string, why: RegExp])[] = [
  ["qemu+ssh://elsewhere/system", /does not lead to qemu\+ssh:\/\/elsewhere\/system: the operator has not listed it/],
  ["qemu+tcp://near/system", /the operator has not listed it/],
  ["qemu+ssh://far/session", /the operator has not listed it/],
  ["qemu+ssh://far:2222/system", /the operator has not listed it/],
  ["qemu+ssh://root@far/system", /the operator has not listed it/],
  ["qemu+ext://far/system?command=/bin/sh", /the operator has not listed it/],
  ...[
    "command=/bin/sh",
    "keyfile=/root/.ssh/id_rsa",
    "authfile=/etc/shadow",
    "netcat=/bin/sh",
    "pkipath=/tmp",
    "known_hosts=/tmp/mine",
    "no_verify=1",
    "socket=/run/x",
    "name=xen:///",
    "COMMAND=/bin/sh",
    "anything=else",
  ].map((param): [string, RegExp] => [
    `qemu+ssh://far/system?${param}`,
    new RegExp(`the parameter ${param.split("=")[0]} is not the operator's`),
  ]),
];
for (const [name, why] of REFUSED)
  test(`${name} is refused`, (t) => {
    const error = t.throws<VirtError>(() => destinationOf(name, upstreams));
    t.is(error.code, "OPERATION_DENIED");
    t.regex(error.message, why);
  });

test("where nothing is listed, no other daemon is reached", (t) => {
  t.throws(() => destinationOf("qemu+ssh://far/system", []), { message: /the operator has not listed it/ });
  t.is(destinationOf("test+unix:///default?socket=/run/other", []).kind, "here");
});

const UNFIT: readonly (readonly [uri: string, why: RegExp])[] = [
  ["qemu:///system", /names no other daemon/],
  ["qemu+unix:///system", /only socket=PATH tells which daemon is meant/],
  ["remote+tls://gate/", /name=URI must say what to open there/],
  ["remote+tls://gate/?name=qemu%2Btls%3A%2F%2Fback%2Fsystem", /would have to go on to another one/],
  ["remote+tls://gate/?name=qemu%3A%2F%2Fback%2Fsystem", /would have to go on to another one/],
  ["no uri", /unable to parse URI/],
];
for (const [uri, why] of UNFIT)
  test(`an operator cannot list ${uri}`, (t) => {
    t.regex((t.throws(() => parseUpstream(uri)) as Error).message, why);
  });

test("a daemon that would lead to itself says so, whatever its socket is called", async (t) => {
  const listed: ReturnType<typeof parseUpstream>[] = [];
  const log = new RecordedLog();
  const { path, connect } = await serve(t, { upstreams: listed }, log);
  const other = `${path}-by-another-name`;
  await symlink(path, other);
  for (const socket of [path, other]) {
    const uri = `test+unix:///default?socket=${socket}`;
    listed.splice(0, 1, parseUpstream(uri));
    const client = await connect();
    await t.throwsAsync(client.open(uri), {
      message: `invalid argument: the daemon would lead to itself: ${socket} is a socket of its own`,
    });
  }
});

test("a policy judges what another daemon's domain is, not what the client says of it", async (t) => {
  const asked: unknown[] = [];
  const upstream = parseUpstream("test+unix:///default?socket=/run/other");
  const { hypervisor, connect } = await serve(t, {
    upstreams: [upstream],
    policy: {
      async allows({ call, attributes }) {
        asked.push([call, attributes.domain_name]);
        return attributes.domain_name !== OTHER_DOMAIN.name;
      },
    },
  });
  // The other daemon is played by a driver that, as a client of one does, takes any reference for what it says.
  hypervisor.believing = true;
  const client = await connect();
  await client.open(formatUri(upstream));
  t.deepEqual(hypervisor.opened.map(formatUri), ["test+unix:///default?socket=%2Frun%2Fother&no_tty=1"]);
  const liar = { ...TEST_DOMAIN, uuid: OTHER_DOMAIN.uuid };
  const answer = await client.call(numberOf("domainDestroy"), bodyOf("domainDestroy", { dom: liar }));
  t.like(errorOf(answer), { code: 88 });
  t.deepEqual(asked.at(-1), ["domainDestroy", "other"]);
});
