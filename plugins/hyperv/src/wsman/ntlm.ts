import { createHmac, randomBytes } from "node:crypto";
import md4 from "js-md4";

const SIGNATURE = Buffer.from("NTLMSSP\0", "latin1");
/** Unicode, a target asked for, NTLM, signatures promised, extended security, what is known of the target, 128 and 56 bits. */
const FLAGS = 0xa0888205;
const TIMESTAMP_ID = 7;
/** From 1601, when Windows' time begins, to 1970, in milliseconds. */
const EPOCH = 11_644_473_600_000n;

/** Who logs in; `domain` is empty for a name that says its own (`user@domain`) and for the server's own accounts. */
export interface NtlmAccount {
  readonly user: string;
  readonly domain: string;
  readonly password: string;
}

/** `DOMAIN\user`, or a name that stands alone. */
export function accountOf(name: string, password: string): NtlmAccount {
  const at = name.indexOf("\\");
  return at < 0
    ? { user: name, domain: "", password }
    : { user: name.slice(at + 1), domain: name.slice(0, at), password };
}

/** The first message: what the client can do. */
export function negotiateMessage(): Buffer {
  const message = Buffer.alloc(32);
  SIGNATURE.copy(message);
  message.writeUInt32LE(1, 8);
  message.writeUInt32LE(FLAGS, 12);
  return message;
}

export interface Challenge {
  readonly challenge: Buffer;
  /** Pairs of a number and a value, as the server wrote them. */
  readonly targetInfo: Buffer;
}

/** Reads the second message, the server's. `undefined` where it is none. */
export function readChallenge(message: Buffer): Challenge | undefined {
  if (message.length < 48 || !message.subarray(0, 8).equals(SIGNATURE) || message.readUInt32LE(8) !== 2)
    return undefined;
  const [length, offset] = [message.readUInt16LE(40), message.readUInt32LE(44)];
  if (offset + length > message.length) return undefined;
  return { challenge: message.subarray(24, 32), targetInfo: message.subarray(offset, offset + length) };
}

/** The third message: proves with NTLMv2 that the client knows the password. `nonce` is 8 bytes that nobody can foresee. */
export function authenticateMessage(
  { user, domain, password }: NtlmAccount,
  { challenge, targetInfo }: Challenge,
  nonce: Buffer = randomBytes(8),
): Buffer {
  const key = ntlmv2Key({ user, domain, password });
  const said = timestampIn(targetInfo);
  const head = Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]);
  const blob = Buffer.concat([head, said ?? now(), nonce, Buffer.alloc(4), targetInfo, Buffer.alloc(4)]);
  const response = Buffer.concat([hmac(key, challenge, blob), blob]);
  // a server that tells its time does not look at the older proof
  const older = said === undefined ? Buffer.concat([hmac(key, challenge, nonce), nonce]) : Buffer.alloc(24);
  return withFields([older, response, utf16(domain), utf16(user), Buffer.alloc(0), Buffer.alloc(0)]);
}

/** What takes the place of the password in the proof. */
export function ntlmv2Key({ user, domain, password }: NtlmAccount): Buffer {
  return hmac(Buffer.from(md4.array(utf16(password))), utf16(user.toUpperCase() + domain));
}

/** Lengths and places of the parts, the flags, then the parts. */
function withFields(parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(64);
  SIGNATURE.copy(head);
  head.writeUInt32LE(3, 8);
  let at = head.length;
  parts.forEach((part, index) => {
    head.writeUInt16LE(part.length, 12 + index * 8);
    head.writeUInt16LE(part.length, 14 + index * 8);
    head.writeUInt32LE(at, 16 + index * 8);
    at += part.length;
  });
  head.writeUInt32LE(FLAGS, 60);
  return Buffer.concat([head, ...parts]);
}

function timestampIn(targetInfo: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 <= targetInfo.length; ) {
    const [id, length] = [targetInfo.readUInt16LE(at), targetInfo.readUInt16LE(at + 2)];
    if (id === TIMESTAMP_ID && length === 8) return targetInfo.subarray(at + 4, at + 12);
    at += 4 + length;
  }
  return undefined;
}

function now(): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE((BigInt(Date.now()) + EPOCH) * 10_000n);
  return time;
}

const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le");

function hmac(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const hash = createHmac("md5", key);
  for (const part of parts) hash.update(part);
  return hash.digest();
}
