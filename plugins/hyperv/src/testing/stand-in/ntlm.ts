import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { md4 } from "./md4.js";

const SIGNATURE = Buffer.from("NTLMSSP\0");
/** Unicode, the target's name, NTLM, always signed, extended security, target information, 128 bits. */
const FLAGS = 0x0001 | 0x0004 | 0x0200 | 0x8000 | 0x80000 | 0x800000 | 0x20000000;

export interface Account {
  readonly user: string;
  readonly password: string;
}

/** NTLM version 2 on one connection, as MS-NLMP describes it: a challenge, then its proof. */
export class Ntlm {
  readonly #options: Account;
  readonly #challenge = randomBytes(8);
  isIn = false;

  constructor(options: Account) {
    this.#options = options;
  }

  take(message: Buffer): { isIn: boolean; challenge?: string } {
    if (!message.subarray(0, 8).equals(SIGNATURE)) return { isIn: false };
    const type = message.readUInt32LE(8);
    if (type === 1) return { isIn: false, challenge: this.#second().toString("base64") };
    this.isIn = type === 3 && this.#isProof(message);
    return { isIn: this.isIn };
  }

  #second(): Buffer {
    const name = Buffer.from("STANDIN", "utf16le");
    const info = Buffer.concat([field(2, name), field(1, name), field(0, Buffer.alloc(0))]);
    const head = Buffer.alloc(56);
    SIGNATURE.copy(head);
    head.writeUInt32LE(2, 8);
    writeWhere(head, 12, name.length, 56);
    head.writeUInt32LE(FLAGS, 20);
    this.#challenge.copy(head, 24);
    writeWhere(head, 40, info.length, 56 + name.length);
    return Buffer.concat([head, name, info]);
  }

  /** The proof is the first 16 bytes of the answer, over the challenge and the rest of it. */
  #isProof(message: Buffer): boolean {
    const [response, domain, user] = [20, 28, 36].map((at) => partAt(message, at)) as [Buffer, Buffer, Buffer];
    if (response.length <= 24) return false;
    const given = user.toString("utf16le");
    if (given.toLowerCase() !== this.#options.user.toLowerCase()) return false;
    const secret = md4(Buffer.from(this.#options.password, "utf16le"));
    const who = Buffer.from(given.toUpperCase() + domain.toString("utf16le"), "utf16le");
    const key = createHmac("md5", secret).update(who).digest();
    const proof = createHmac("md5", key).update(this.#challenge).update(response.subarray(16)).digest();
    return timingSafeEqual(proof, response.subarray(0, 16));
  }
}

function field(id: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value]);
}

function writeWhere(buffer: Buffer, at: number, length: number, offset: number): void {
  buffer.writeUInt16LE(length, at);
  buffer.writeUInt16LE(length, at + 2);
  buffer.writeUInt32LE(offset, at + 4);
}

function partAt(message: Buffer, at: number): Buffer {
  const [length, offset] = [message.readUInt16LE(at), message.readUInt32LE(at + 4)];
  return message.subarray(offset, offset + length);
}
