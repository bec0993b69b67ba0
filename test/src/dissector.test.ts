import { dissect } from "./harness/dissector.js";
import { EventRecorder } from "./harness/event-recorder.js";
import { guestImage } from "./harness/guest-image.js";
import { bootableXml } from "./harness/guest-xml.js";
import { hypervisor, program, testWith } from "./harness/needs.js";
import { startPeer } from "./harness/peer.js";
import { until } from "./harness/processes.js";
import { Recorder } from "./harness/recorder.js";
import { DETACH, Terminal } from "./harness/terminal.js";
import { Virsh } from "./harness/virsh.js";

const TSHARK = await Promise.all([program("virsh"), program("stdbuf"), program("tshark"), program("text2pcap")]);
const GUEST = await hypervisor();

/** Changes nothing that another command of the list needs, and touches every kind of call. */
const SCRIPT = [
  "version",
  "nodeinfo",
  "capabilities",
  "hostname",
  "list --all",
  "dominfo test",
  "domstate test --reason",
  "domstats",
  "dumpxml test --security-info",
  "dumpxml nobody",
  "suspend test",
  "resume test",
  "reboot test",
  "autostart test",
  "setmaxmem test 4194304 --config",
  "destroy test",
  "start test",
];

testWith("the dissector reads a session of many calls and its events", TSHARK, async (t) => {
  const peer = await startPeer();
  const recorder = await Recorder.start(peer.socket);
  try {
    const virsh = new Virsh(peer.uri("test", recorder.socket));
    const events = await EventRecorder.start(virsh, "test");
    await virsh.run(SCRIPT.join("; "));
    await events.wait("lifecycle", 4);
    await events.stop();
    const dissections = await Promise.all(recorder.sessions.map((session) => dissect(session)));
    t.deepEqual(
      dissections.flatMap(({ complaints }) => complaints),
      [],
    );
    const messages = new Set(dissections.flatMap(({ messages }) => messages));
    for (const expected of [
      "REMOTE CONNECT_GET_CAPABILITIES REPLY OK",
      "REMOTE CONNECT_GET_ALL_DOMAIN_STATS REPLY OK",
      "REMOTE DOMAIN_LOOKUP_BY_NAME REPLY ERROR",
      "REMOTE CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY REPLY OK",
      "REMOTE DOMAIN_EVENT_CALLBACK_LIFECYCLE MESSAGE OK",
    ]) {
      t.true(messages.has(expected), `${expected} is not among ${[...messages].join("\n")}`);
    }
  } finally {
    await recorder.stop();
    await peer.stop();
  }
});

testWith("the dissector reads the stream of a console", [...TSHARK, ...GUEST], async (t) => {
  const image = await guestImage();
  if (image === undefined) return t.fail("no guest image");
  const peer = await startPeer();
  const recorder = await Recorder.start(peer.socket);
  try {
    const direct = new Virsh(peer.uri("qemu"));
    await direct.define(bootableXml("spoken", image));
    const console = new Terminal("virsh", ["-c", peer.uri("qemu", recorder.socket), "start", "spoken", "--console"]);
    await console.expect("guest>");
    console.type("seq 1 2000\r");
    await console.expect("\n2000");
    console.type(DETACH);
    t.is(await console.ended(), 0);
    await until("the session is over", () => recorder.sessions.length > 0);
    const dissections = await Promise.all(recorder.sessions.map((session) => dissect(session)));
    t.deepEqual(
      dissections.flatMap(({ complaints }) => complaints),
      [],
    );
    const messages = dissections.flatMap(({ messages }) => messages);
    t.true(messages.includes("REMOTE DOMAIN_OPEN_CONSOLE STREAM CONTINUE"));
    // Both ends finish the stream in order.
    t.is(messages.filter((text) => text === "REMOTE DOMAIN_OPEN_CONSOLE STREAM OK").length, 2);
  } finally {
    await recorder.stop();
    await peer.stop();
  }
});

testWith("the dissector complains of a message that is not what its type says", TSHARK, async (t) => {
  const header = (length: number, procedure: number) => {
    const frame = Buffer.alloc(28);
    [length, 0x20008086, 1, procedure, 1, 7, 0].forEach((value, index) => {
      frame.writeUInt32BE(value, 4 * index);
    });
    return frame;
  };
  // The reply of GET_HOSTNAME promises a string of 64 bytes and has none of them.
  const short = Buffer.concat([header(32, 59), Buffer.from([0, 0, 0, 64])]);
  const { complaints } = await dissect([
    { from: "server", data: short },
    { from: "server", data: header(28, 2).subarray(0, 20) },
  ]);
  t.is(complaints.length, 2, complaints.join("\n"));
});
