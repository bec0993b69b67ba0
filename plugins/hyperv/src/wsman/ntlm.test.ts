import test from "ava";
import { accountOf, authenticateMessage, negotiateMessage, ntlmv2Key, readChallenge } from "./ntlm.js";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

test("the key of NTLMv2 is that of the specification's example", (t) => {
  const key = ntlmv2Key({ user: "User", domain: "Domain", password: "Password" });
  t.is(key.toString("hex"), "0c868a403bfd7a93a3001ef22ef02e3f");
});

test("the proof of NTLMv2 is that of the specification's example", (t) => {
  const targetInfo = hex("02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000");
  const challenge = hex("0123456789abcdef");
  const account = { user: "User", domain: "Domain", password: "Password" };
  const message = authenticateMessage(account, { challenge, targetInfo }, hex("aaaaaaaaaaaaaaaa"));
  const [length, at] = [message.readUInt16LE(12), message.readUInt32LE(16)];
  t.is(message.subarray(at, at + length).toString("hex"), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
});

test("a server's time goes into the proof", (t) => {
  const time = hex("0011223344556677");
  const targetInfo = Buffer.concat([hex("07000800"), time, hex("00000000")]);
  const account = { user: "u", domain: "", password: "p" };
  const message = authenticateMessage(account, { challenge: hex("0123456789abcdef"), targetInfo });
  const response = message.readUInt32LE(24);
  t.deepEqual(message.subarray(response + 24, response + 32), time);
});

test("what is no challenge is none", (t) => {
  const challenge = Buffer.alloc(48);
  negotiateMessage().copy(challenge);
  t.is(readChallenge(challenge), undefined, "the first message");
  challenge.writeUInt32LE(2, 8);
  t.truthy(readChallenge(challenge));
  challenge.writeUInt16LE(100, 40);
  t.is(readChallenge(challenge), undefined, "what is known of the target lies outside");
  t.is(readChallenge(Buffer.from("NTLMSSP\0")), undefined);
  t.is(readChallenge(Buffer.alloc(0)), undefined);
});

test("a name says its domain, or none", (t) => {
  t.deepEqual(accountOf("LAB\\admin", "p"), { user: "admin", domain: "LAB", password: "p" });
  t.deepEqual(accountOf("admin@lab.example", "p"), { user: "admin@lab.example", domain: "", password: "p" });
});
