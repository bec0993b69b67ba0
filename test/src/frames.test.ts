import { EventRecorder } from "./harness/event-recorder.js";
import { program, testWith } from "./harness/needs.js";
import { ourDaemon, type Peer, realLibvirtd } from "./harness/peer.js";
import { message, tell, tellAndLeave } from "./harness/raw-client.js";
import { Virsh } from "./harness/virsh.js";
import { withPeer } from "./harness/with-peer.js";

const LIBVIRTD = [await program("libvirtd")];
const VIRSH = await Promise.all([program("virsh"), program("stdbuf")]);

/** Beginnings of a session that no sound client has. */
const BEGINNINGS: Readonly<Record<string, Buffer>> = {
  "a sound call": message({}),
  "an unknown procedure": message({ procedure: 9999 }),
  "procedure 0": message({ procedure: 0 }),
  "an unknown program": message({ program: 0x12345678 }),
  "another version": message({ version: 2 }),
  "a reply": message({ type: 1 }),
  "an event": message({ type: 2 }),
  "a stream's data": message({ type: 3, status: 2 }),
  "an unknown type": message({ type: 9 }),
  "a call that has failed": message({ status: 1 }),
  "a call on no connection": message({ procedure: 59 }),
  "arguments that end early": message({ procedure: 1 }, Buffer.from([0, 0, 0, 1])),
  "a string longer than its message": message({ procedure: 1 }, Buffer.from([0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff])),
  "no length": message({ length: 0 }),
  "less than a header": message({ length: 27 }),
  "two gigabytes": message({ length: 0x7fffffff }),
  "a byte more than allowed": message({ length: 33554433 }),
  "another protocol": Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  "a call cut off": message({}).subarray(0, 20),
  "a ping": message({ program: 0x6b656570, procedure: 1, type: 2, serial: 0 }),
};

/** Header words in hexadecimal, and of an error its code, domain and text. */
function readable(bytes: Buffer): string {
  const words = [1, 2, 3, 4, 5, 6].map((index) => bytes.readUInt32BE(4 * index).toString(16)).join(" ");
  if (bytes.readUInt32BE(24) !== 1) return words;
  const length = bytes.readUInt32BE(40);
  const text = bytes.subarray(44, 44 + length).toString();
  return `${words}: ${bytes.readUInt32BE(28)} ${bytes.readUInt32BE(32)} ${text}`;
}

async function answers(peer: Peer): Promise<Record<string, readonly string[]>> {
  const told: Record<string, readonly string[]> = {};
  for (const [title, bytes] of Object.entries(BEGINNINGS)) {
    const { messages, closed } = await tell(peer.socket, bytes);
    told[title] = [...messages.map(readable), closed ? "hangs up" : "goes on"];
  }
  return told;
}

testWith("to beginnings of every kind libvirtd and polyvisord answer alike", LIBVIRTD, async (t) => {
  t.deepEqual(await withPeer(answers, ourDaemon), await withPeer(answers, realLibvirtd));
});

testWith("who talks nonsense, or leaves in the midst of a word, disturbs nobody", VIRSH, (t) =>
  withPeer(async (peer) => {
    const virsh = new Virsh(peer.uri("test"));
    const events = await EventRecorder.start(virsh, "test");
    for (const bytes of Object.values(BEGINNINGS)) {
      await tellAndLeave(peer.socket, bytes);
      await tellAndLeave(peer.socket, bytes.subarray(0, 10));
    }
    await virsh.ok("suspend", "test");
    await virsh.ok("resume", "test");
    t.deepEqual(await events.wait("lifecycle", 2), ["test: Suspended Paused", "test: Resumed Unpaused"]);
    await events.stop();
  }),
);
