import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { VirtError } from "@polyvisor/core";

/** A name and its password. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The mechanisms that are spoken here, the best first, and their hash functions. */
export const SCRAM_HASHES = { "SCRAM-SHA-512": "sha512", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1" } as const;
export type ScramMechanism = keyof typeof SCRAM_HASHES;

/** How often a server may have the password hashed: fewer rounds would help one who guesses, more only keep busy. */
const ROUNDS_MIN = 4096;
const ROUNDS_MAX = 1_000_000;

/** "No channel binding, and no name but the user's", and the same in base 64. */
const HEADER = "n,,";
const HEADER_64 = Buffer.from(HEADER).toString("base64");

/** The client's half of a login by SCRAM (RFC 5802, RFC 7677). Its methods are called in their order, each once. */
export class ScramClient {
  readonly #hash: string;
  readonly #password: string;
  readonly #first: string;
  readonly #nonce: string;
  #serverSignature: Buffer | undefined;

  constructor(mechanism: ScramMechanism, { user, password }: Credentials, nonce = randomBytes(18).toString("base64")) {
    this.#hash = SCRAM_HASHES[mechanism];
    this.#password = password.normalize("NFKC");
    this.#nonce = nonce;
    this.#first = `n=${user.normalize("NFKC").replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  }

  /** What starts the login. */
  first(): string {
    return `${HEADER}${this.#first}`;
  }

  /** The answer to the server's challenge. Fails with `AUTH_FAILED` where that is none. */
  async final(challenge: string): Promise<string> {
    const [, nonce = "", salt = "", rounds = ""] = /^r=([^,]*),s=([^,]*),i=(\d+)(?:,.*)?$/.exec(challenge) ?? [];
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length || salt === "")
      throw failed("the server's challenge is not one of SCRAM");
    if (Number(rounds) < ROUNDS_MIN || Number(rounds) > ROUNDS_MAX)
      throw failed(`the server asks for ${rounds} rounds of hashing; ${ROUNDS_MIN} to ${ROUNDS_MAX} are accepted`);
    const bytes = createHash(this.#hash).digest().length;
    const salted = await promisify(pbkdf2)(
      this.#password,
      Buffer.from(salt, "base64"),
      Number(rounds),
      bytes,
      this.#hash,
    );
    const clientKey = this.#hmac(salted, "Client Key");
    const withoutProof = `c=${HEADER_64},r=${nonce}`;
    const all = `${this.#first},${challenge},${withoutProof}`;
    const signature = this.#hmac(createHash(this.#hash).update(clientKey).digest(), all);
    const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
    this.#serverSignature = this.#hmac(this.#hmac(salted, "Server Key"), all);
    return `${withoutProof},p=${Buffer.from(proof).toString("base64")}`;
  }

  /** Checks that the server knows the password, too. Fails with `AUTH_FAILED`. */
  verify(answer: string): void {
    const signature = Buffer.from(/^v=([^,]*)/.exec(answer)?.[1] ?? "", "base64");
    const expected = this.#serverSignature;
    if (expected === undefined || signature.length !== expected.length || !timingSafeEqual(signature, expected))
      throw failed("the server does not know the password itself");
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest();
  }
}

function failed(detail: string): VirtError {
  return new VirtError("AUTH_FAILED", detail, { domain: "REMOTE" });
}
