import type { VirtError } from "@polyvisor/core";
import test from "ava";
import { ScramClient } from "./scram.js";

/** The example of RFC 7677. */
const NONCE = "rOprNGfwEbeRWgbNEkqO";
const CHALLENGE = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;

const client = (user = "user") => new ScramClient("SCRAM-SHA-256", { user, password: "pencil" }, NONCE);

test("a login is the one of the RFC, word for word", async (t) => {
  const one = client();
  t.is(one.first(), `n,,n=user,r=${NONCE}`);
  t.is(
    await one.final(CHALLENGE),
    `c=biws,r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  );
  t.notThrows(() => one.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
});

test("a name may have signs that the protocol uses itself", (t) => {
  t.is(client("a=b,c").first(), `n,,n=a=3Db=2Cc,r=${NONCE}`);
});

test("a server that does not know the password, or asks for what is odd, is refused", async (t) => {
  const challenges = [
    CHALLENGE.replace(NONCE, "x"),
    CHALLENGE.replace(/%[^,]*/, ""),
    CHALLENGE.replace("4096", "1"),
    CHALLENGE.replace("4096", "99999999"),
    "",
  ];
  for (const challenge of challenges)
    t.is((await t.throwsAsync<VirtError>(client().final(challenge), undefined, challenge)).code, "AUTH_FAILED");
  const one = client();
  await one.final(CHALLENGE);
  for (const answer of ["v=", "", "e=invalid-proof", "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="])
    t.throws(() => one.verify(answer), { message: /the server does not know the password/ });
});
