import { randomBytes } from "node:crypto";
import type { Case, Check } from "../../kit/index.js";
import { SASL_CLIENTS } from "./sasl-clients.js";
import type { ServiceSubject } from "./subject.js";

type AuthCase = Case<ServiceSubject<"auth">>;

const CALLS = ["mechanisms", "begin", "respond", "end"];
/** The fixtures with the name and the password of somebody who may come in. */
export const USER = "user";
export const PASSWORD = "password";
const KNOWN_USER = [...CALLS, USER, PASSWORD];
/** How often a login goes to and fro at most. */
const STEPS = 10;

/** How clients prove who they are. */
export const authCases: readonly AuthCase[] = [
  {
    name: "auth: there are mechanisms, by their registered names",
    group: "mechanisms",
    needs: CALLS,
    async run(subject, check) {
      const names = await subject.client().mechanisms({});
      check.ok(names.length > 0, "nobody can log in by anything");
      check.equal(new Set(names).size, names.length, "how many different ones there are");
      for (const name of names) check.ok(/^[A-Z0-9_-]{1,20}$/.test(name), `"${name}" is no name of a mechanism`);
      check.equal(await subject.client().mechanisms({}), names, "the same question again");
    },
  },
  {
    name: "auth: who knows the password is let in under the own name, ten times over",
    group: "logins",
    needs: KNOWN_USER,
    async run(subject, check) {
      const { logIn, mechanisms, user, password } = await bench(subject, check);
      for (const mechanism of mechanisms)
        for (let round = 1; round <= 10; round++)
          check.equal(await logIn(mechanism, user, password), user, `who it is by ${mechanism}, round ${round}`);
    },
  },
  {
    name: "auth: nobody else is let in",
    group: "logins",
    needs: KNOWN_USER,
    async run(subject, check) {
      const { logIn, mechanisms, user, password } = await bench(subject, check);
      const rows = [
        [user, `${password}x`],
        [user, password.slice(0, -1)],
        [user, ""],
        [`${user}x`, password],
        [check.newName(), check.newName()],
        ["", ""],
      ] as const;
      for (const mechanism of mechanisms)
        for (const [name, word] of rows)
          check.equal(await logIn(mechanism, name, word), undefined, `who "${name}" is with "${word}" by ${mechanism}`);
    },
  },
  {
    name: "auth: logins that go on side by side are not mixed up",
    group: "concurrency",
    needs: KNOWN_USER,
    async run(subject, check) {
      const { logIn, mechanisms, user, password } = await bench(subject, check);
      for (const mechanism of mechanisms) {
        const words = Array.from({ length: 20 }, (_, number) => (number % 2 === 0 ? password : `${password}${number}`));
        const names = await Promise.all(words.map((word) => logIn(mechanism, user, word)));
        const wanted = words.map((word) => (word === password ? user : undefined));
        check.equal(names, wanted, `who they are by ${mechanism}`);
      }
    },
  },
  {
    name: "auth: each login has a number of its own",
    group: "concurrency",
    needs: CALLS,
    async run(subject, check) {
      const client = subject.client();
      const [mechanism = ""] = await client.mechanisms({});
      const logins = await Promise.all(Array.from({ length: 50 }, () => client.begin({ mechanism })));
      check.equal(new Set(logins).size, logins.length, "how many numbers there are");
      for (const login of logins) await client.end({ login });
    },
  },
  {
    name: "auth: a login that is over is over",
    group: "logins",
    needs: CALLS,
    async run(subject, check) {
      const client = subject.client();
      for (const mechanism of await client.mechanisms({})) {
        const login = await client.begin({ mechanism });
        await client.end({ login });
        await refuses(check, client.respond({ login, words: "" }), `words to a login that is over, by ${mechanism}`);
        await client.end({ login });
      }
      await refuses(check, client.respond({ login: 0xfffffff0, words: "" }), "words to a login that never was");
      await client.end({ login: 0xfffffff0 });
    },
  },
  {
    name: "auth: what nobody knows is refused",
    group: "bad input",
    needs: CALLS,
    async run(subject, check) {
      const client = subject.client();
      const names = await client.mechanisms({});
      for (const mechanism of ["", "NO-SUCH-THING", (names[0] ?? "").toLowerCase()])
        await refuses(check, client.begin({ mechanism }), `the mechanism "${mechanism}"`);
    },
  },
  {
    name: "auth: nonsense lets nobody in, and does no harm",
    group: "bad input",
    needs: CALLS,
    async run(subject, check) {
      const client = subject.client();
      const nonsense = [
        "",
        "\0",
        "\0\0",
        ",,",
        "n,,n=,r=",
        "=".repeat(1000),
        "ä\n",
        randomBytes(500).toString("latin1"),
      ];
      for (const mechanism of await client.mechanisms({}))
        for (const words of nonsense) {
          const login = await client.begin({ mechanism });
          for (let step = 0; step < STEPS; step++) {
            const answer = await client.respond({ login, words }).catch(() => undefined);
            if (answer === undefined) break;
            check.ok(!answer.done || answer.name === null, `${JSON.stringify(words)} lets ${answer.name} in`);
            if (answer.done) break;
          }
          await client.end({ login });
        }
    },
  },
  {
    name: "auth: who was refused may try again",
    group: "logins",
    needs: KNOWN_USER,
    async run(subject, check) {
      const { logIn, mechanisms, user, password } = await bench(subject, check);
      for (const mechanism of mechanisms) await logIn(mechanism, user, `${password}x`);
      for (const mechanism of mechanisms)
        check.equal(await logIn(mechanism, user, password), user, `who it is after that, by ${mechanism}`);
    },
  },
];

async function bench(subject: ServiceSubject<"auth">, check: Check) {
  const client = subject.client();
  const mechanisms = (await client.mechanisms({})).filter((name) => name in SASL_CLIENTS);
  if (mechanisms.length === 0) check.leaveOut(`the kit logs in by ${Object.keys(SASL_CLIENTS).join(" and ")} alone`);
  /** Under which name it is let in; `undefined` where it is not. */
  const logIn = async (mechanism: string, user: string, password: string): Promise<string | null | undefined> => {
    const say = SASL_CLIENTS[mechanism]?.(user, password);
    const login = await client.begin({ mechanism });
    try {
      let heard = "";
      for (let step = 0; step < STEPS; step++) {
        const words = await say?.(heard);
        const answer = await client.respond({ login, words: words ?? "" }).catch(() => undefined);
        if (answer === undefined) return undefined;
        if (answer.done) {
          await say?.(answer.words);
          return answer.name;
        }
        heard = answer.words;
      }
      return check.fail(`a login by ${mechanism} does not end`);
    } finally {
      await client.end({ login });
    }
  };
  return { logIn, mechanisms, user: check.fixture(USER), password: check.fixture(PASSWORD) };
}

/** A refusal's reason is for the log, so it may be any error. */
async function refuses(check: Check, answer: Promise<unknown>, what: string): Promise<void> {
  const isRefused = await answer.then(
    () => false,
    () => true,
  );
  check.ok(isRefused, `${what}: it is taken`);
}
