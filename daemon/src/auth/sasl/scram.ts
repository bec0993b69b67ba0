import { randomBytes, timingSafeEqual } from "node:crypto";
import type { SaslAnswer, SaslExchange, SaslMechanism } from "@polyvisor/sdk/login";
import { hash, hmac, ITERATIONS, SALT_BYTES, type Verifier } from "./verifier.js";

/** Who may log in. `undefined` where there is no such user. */
export type FindVerifier = (name: string) => Promise<Verifier | undefined>;

const NONCE_BYTES = 18;

/** `client-first-message` of RFC 5802: flag of channel binding, whom to act for, then the part that is signed. */
const CLIENT_FIRST = /^(([nyp])(?:=[^,]*)?,(?:a=([^,]*))?,)(n=([^,]+),r=([!-+\--~]+)(?:,.*)?)$/s;

/** `client-final-message`: the part that is signed, then the proof. */
const CLIENT_FINAL = /^(c=([A-Za-z0-9+/=]+),r=([!-+\--~]+)(?:,.*)?),p=([A-Za-z0-9+/=]+)$/s;

/** SCRAM-SHA-256 (RFC 7677): the password never travels, and what the server keeps is not enough to log in with. */
export function scramSha256(find: FindVerifier): SaslMechanism {
  const disguise = randomBytes(32);
  return { name: "SCRAM-SHA-256", begin: () => new ScramExchange(find, disguise) };
}

interface Challenge {
  readonly header: string;
  readonly signedFirst: string;
  readonly name: string;
  readonly nonce: string;
  readonly serverFirst: string;
  readonly verifier: Verifier;
  readonly known: boolean;
}

class ScramExchange implements SaslExchange {
  readonly #find: FindVerifier;
  readonly #disguise: Buffer;
  #challenge: Challenge | undefined;

  constructor(find: FindVerifier, disguise: Buffer) {
    this.#find = find;
    this.#disguise = disguise;
  }

  async respond(words: string): Promise<SaslAnswer> {
    if (this.#challenge !== undefined) return prove(this.#challenge, words);
    this.#challenge = await this.#challengeFor(words);
    return { words: this.#challenge.serverFirst };
  }

  async #challengeFor(words: string): Promise<Challenge> {
    const [, header = "", binding, actFor, signedFirst = "", user = "", clientNonce = ""] =
      CLIENT_FIRST.exec(words) ?? [];
    if (signedFirst === "") throw new Error("the client's first message is none of SCRAM");
    if (binding === "p") throw new Error("the client asks for channel binding, which was not offered");
    const name = plainName(user);
    if (actFor !== undefined && plainName(actFor) !== name)
      throw new Error(`${JSON.stringify(name)} asks to act for somebody else`);
    const found = await this.#find(name);
    const verifier = found ?? this.#decoy(name);
    const nonce = clientNonce + randomBytes(NONCE_BYTES).toString("base64");
    const serverFirst = `r=${nonce},s=${verifier.salt.toString("base64")},i=${verifier.iterations}`;
    return { header, signedFirst, name, nonce, serverFirst, verifier, known: found !== undefined };
  }

  /** A user who is not there looks like one who is, always with the same salt: nobody learns who may log in. */
  #decoy(name: string): Verifier {
    const salt = hmac(this.#disguise, name).subarray(0, SALT_BYTES);
    return { iterations: ITERATIONS, salt, storedKey: randomBytes(32), serverKey: randomBytes(32) };
  }
}

function prove(challenge: Challenge, words: string): SaslAnswer {
  const { header, signedFirst, name, nonce, serverFirst, verifier, known } = challenge;
  const [, signedFinal = "", echoedHeader = "", echoedNonce, proof = ""] = CLIENT_FINAL.exec(words) ?? [];
  if (signedFinal === "") throw new Error("the client's last message is none of SCRAM");
  if (echoedNonce !== nonce || Buffer.from(echoedHeader, "base64").toString() !== header)
    throw new Error("the client's last message does not belong to its first");
  const signed = `${signedFirst},${serverFirst},${signedFinal}`;
  const clientKey = xor(Buffer.from(proof, "base64"), hmac(verifier.storedKey, signed));
  const right = timingSafeEqual(hash(clientKey), verifier.storedKey);
  if (!known) throw new Error(`there is no user ${JSON.stringify(name)}`);
  if (!right) throw new Error(`wrong password for ${JSON.stringify(name)}`);
  return { words: `v=${hmac(verifier.serverKey, signed).toString("base64")}`, name };
}

/** `=2C` and `=3D` stand for what a name may not have in it. */
function plainName(name: string): string {
  if (/=(?!2C|3D)/.test(name)) throw new Error("a name is not escaped as it should be");
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(right.map((byte, index) => byte ^ (left[index] ?? 0)));
}
