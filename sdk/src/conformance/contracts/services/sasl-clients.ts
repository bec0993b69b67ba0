import { createHash, createHmac, pbkdf2 as pbkdf2Callback, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { MaybePromise } from "@polyvisor/core";

const pbkdf2 = promisify(pbkdf2Callback);

const hmac = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** The client's part in a SASL login: what it says to what it hears, until it has nothing left to say. */
export type SaslClient = (heard: string) => MaybePromise<string | undefined>;

/** The client's parts by the mechanisms' names. */
export const SASL_CLIENTS: Readonly<Record<string, (user: string, password: string) => SaslClient>> = {
  PLAIN(user, password) {
    const said = [`\0${user}\0${password}`];
    return () => said.shift();
  },

  "SCRAM-SHA-256"(user, password) {
    const first = `n=${user.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${randomBytes(18).toString("base64")}`;
    let expected: Buffer | undefined;
    let step = 0;
    return async (heard) => {
      step += 1;
      if (step === 1) return `n,,${first}`;
      if (step === 2) {
        const [, nonce = "", salt = "", rounds = "1"] = /^r=(.*),s=(.*),i=(\d+)$/.exec(heard) ?? [];
        const salted = await pbkdf2(password, Buffer.from(salt, "base64"), Number(rounds), 32, "sha256");
        const key = hmac(salted, "Client Key");
        const final = `c=biws,r=${nonce}`;
        const signed = `${first},${heard},${final}`;
        const signature = hmac(createHash("sha256").update(key).digest(), signed);
        expected = hmac(hmac(salted, "Server Key"), signed);
        const proof = Buffer.from(key.map((byte, index) => byte ^ (signature[index] ?? 0)));
        return `${final},p=${proof.toString("base64")}`;
      }
      const proof = Buffer.from(/^v=(.*)$/.exec(heard)?.[1] ?? "", "base64");
      if (expected === undefined || proof.length !== expected.length || !timingSafeEqual(proof, expected))
        throw new Error("the server has not proved that it knows the password");
      return undefined;
    };
  },
};
