import type { CallContext, VirtError } from "@polyvisor/core";
import test from "ava";
import { PlainLogin } from "./login.js";
import { hashOf } from "./users.js";

const context = {} as CallContext;

test("who knows the password of a user is that user, and nobody else is", async (t) => {
  const login = new PlainLogin({ users: [`fred:${hashOf("fred", "rubble")}`] });
  t.deepEqual(await login.mechanisms({}, context), ["PLAIN"]);
  const attempt = async (words: string) => {
    const number = await login.begin({ mechanism: "PLAIN" }, context);
    try {
      return await login.respond({ login: number, words }, context);
    } finally {
      await login.end({ login: number }, context);
    }
  };
  t.deepEqual(await attempt("\0fred\0rubble"), { words: "", done: true, name: "fred" });
  for (const words of ["\0fred\0flint", "\0wilma\0rubble", "\0fred\0", "", "fred", `\0fred\0${"x".repeat(100_000)}`])
    await t.throwsAsync(attempt(words), { message: /wrong password/ }, JSON.stringify(words.slice(0, 20)));
});

test("a login that is over, or never was, has no words", async (t) => {
  const login = new PlainLogin({ users: [] });
  const number = await login.begin({ mechanism: "PLAIN" }, context);
  await login.end({ login: number }, context);
  const error = await t.throwsAsync<VirtError>(async () => login.respond({ login: number, words: "" }, context));
  t.is(error?.code, "INVALID_ARG");
});
