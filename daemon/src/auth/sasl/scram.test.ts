import { createHmac } from "node:crypto";
import type { CallContext } from "@polyvisor/core";
import test from "ava";
import { scramSha256 } from "./scram.js";
import { formatVerifier, hash, hmac, parseVerifier, verifierOf } from "./verifier.js";

const context = {} as CallContext;

/** The example of RFC 7677: user `user`, password `pencil`. */
const SALT = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
const RFC_7677 = { salt: SALT, iterations: 4096, password: "pencil", clientNonce: "rOprNGfwEbeRWgbNEkqO" };

const verifier = await verifierOf(RFC_7677.password, SALT, RFC_7677.iterations);
const mechanism = scramSha256(async (name) => (name === "user" ? verifier : undefined));

test("what is kept of the password of RFC 7677's example proves its server signature", (t) => {
  const signed =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," +
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const clientKey = Buffer.from("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "base64").map(
    (byte, index) => byte ^ (hmac(verifier.storedKey, signed)[index] ?? 0),
  );
  t.deepEqual(hash(Buffer.from(clientKey)), verifier.storedKey);
  t.is(hmac(verifier.serverKey, signed).toString("base64"), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
});

test("a verifier is written as RFC 5803 has it, and read again", (t) => {
  const text = formatVerifier(verifier);
  t.regex(text, /^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$[\w+/]{43}=:[\w+/]{43}=$/);
  t.deepEqual(parseVerifier(text), verifier);
  for (const bad of ["", "pencil", text.slice(0, -4), text.replace("SHA-256", "SHA-1"), `${text}x`])
    t.is(parseVerifier(bad), undefined, bad);
});

/** What a client says last, that knows the password. */
async function lastWords(first: string, challenge: string, password: string, header = "n,,"): Promise<string> {
  const [, nonce = "", salt = "", iterations] = /^r=(.*),s=(.*),i=(\d+)$/.exec(challenge) ?? [];
  const saltBytes = Buffer.from(salt, "base64");
  const { storedKey } = await verifierOf(password, saltBytes, Number(iterations));
  const salted = await import("node:crypto").then(({ pbkdf2Sync }) =>
    pbkdf2Sync(password, saltBytes, Number(iterations), 32, "sha256"),
  );
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const unproved = `c=${Buffer.from(header).toString("base64")},r=${nonce}`;
  const signature = hmac(storedKey, `${first.slice(header.length)},${challenge},${unproved}`);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
  return `${unproved},p=${proof.toString("base64")}`;
}

test("a client that knows the password is known by its name, and hears that the server knows it too", async (t) => {
  const exchange = mechanism.begin();
  const first = "n,,n=user,r=abcdefgh";
  const { words } = await exchange.respond(first, context);
  t.true(words.startsWith("r=abcdefgh"));
  const answer = await exchange.respond(await lastWords(first, words, "pencil"), context);
  t.is(answer.name, "user");
  t.regex(answer.words, /^v=[\w+/]{43}=$/);
});

const WRONG: readonly {
  readonly what: string;
  readonly first: string;
  readonly last?: string;
  readonly says: RegExp;
}[] = [
  { what: "another password", first: "n,,n=user,r=abc", says: /wrong password for "user"/ },
  { what: "a user who is not there", first: "n,,n=nobody,r=abc", says: /there is no user "nobody"/ },
  {
    what: "an old proof",
    first: "n,,n=user,r=abc",
    last: "c=biws,r=abcold,p=AAAA",
    says: /does not belong to its first/,
  },
  { what: "no proof", first: "n,,n=user,r=abc", last: "c=biws,r=abc", says: /last message is none of SCRAM/ },
  { what: "another header", first: "y,,n=user,r=abc", says: /does not belong to its first/ },
  { what: "channel binding", first: "p=tls-unique,,n=user,r=abc", says: /asks for channel binding/ },
  { what: "another's name", first: "n,a=root,n=user,r=abc", says: /asks to act for somebody else/ },
  { what: "a name that is not escaped", first: "n,,n=us=er,r=abc", says: /not escaped/ },
  { what: "an extension that must be understood", first: "n,,m=x,n=user,r=abc", says: /none of SCRAM/ },
  { what: "nothing", first: "", says: /first message is none of SCRAM/ },
  { what: "a nonce with control characters", first: "n,,n=user,r=a\u0000c", says: /none of SCRAM/ },
];

for (const { what, first, last, says } of WRONG) {
  test(`not let in: ${what}`, async (t) => {
    const exchange = mechanism.begin();
    const talk = async () => {
      const { words } = await exchange.respond(first, context);
      return exchange.respond(last ?? (await lastWords(first, words, "crayon")), context);
    };
    await t.throwsAsync(talk(), { message: says });
  });
}

test("a user who is not there gets the same salt each time, so that nobody learns who is", async (t) => {
  const saltOf = async (name: string) => {
    const { words } = await mechanism.begin().respond(`n,,n=${name},r=abc`, context);
    return /,s=([^,]*),/.exec(words)?.[1];
  };
  t.is(await saltOf("nobody"), await saltOf("nobody"));
  t.not(await saltOf("nobody"), await saltOf("somebody"));
});
