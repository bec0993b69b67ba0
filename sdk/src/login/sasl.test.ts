import type { CallContext } from "@polyvisor/core";
import test from "ava";
import { type SaslMechanism, saslMechanisms } from "./index.js";

/** Lets in whoever says the same word twice. */
const TWICE: SaslMechanism = {
  name: "TWICE",
  begin() {
    let first: string | undefined;
    return {
      async respond(words) {
        if (first === undefined) {
          first = words;
          return { words: "again" };
        }
        if (words !== first) throw new Error("another word");
        return { words: "", name: words };
      },
    };
  },
};

const context = {} as CallContext;

test("logins by mechanisms that keep an object for each go on side by side, until each ends", async (t) => {
  const contract = saslMechanisms([TWICE]);
  t.deepEqual(await contract.mechanisms({}, context), ["TWICE"]);
  const first = await contract.begin({ mechanism: "TWICE" }, context);
  const second = await contract.begin({ mechanism: "TWICE" }, context);
  const respond = (login: number, words: string) => Promise.resolve(contract.respond({ login, words }, context));
  t.deepEqual(await respond(first, "a"), { words: "again", done: false, name: null });
  t.deepEqual(await respond(second, "b"), { words: "again", done: false, name: null });
  t.deepEqual(await respond(first, "a"), { words: "", done: true, name: "a" });
  await t.throwsAsync(respond(second, "a"), { message: "another word" });
  await contract.end({ login: first }, context);
  await t.throwsAsync(respond(first, "a"), { message: /there is no login/ });
  t.throws(() => contract.begin({ mechanism: "PLAIN" }, context), { message: /there is no mechanism PLAIN/ });
});
