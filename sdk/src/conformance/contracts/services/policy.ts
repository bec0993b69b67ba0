import type { PolicyRequest } from "@polyvisor/core";
import type { Case, Check } from "../../kit/index.js";
import type { ServiceSubject } from "./subject.js";

type PolicyCase = Case<ServiceSubject<"policy">>;

/** The fixtures with a question that the policy says yes to and one that it says no to: JSON of `PolicyRequest`. */
export const ALLOWED = "allowed";
export const DENIED = "denied";
const DECIDES = ["allows", ALLOWED, DENIED];

/** Who may do what. A rejection denies. */
export const policyCases: readonly PolicyCase[] = [
  {
    name: "policy: it says yes to one and no to another, ten times over",
    group: "decisions",
    needs: DECIDES,
    async run(subject, check) {
      const { ask, allowed, denied } = bench(subject, check);
      for (let round = 1; round <= 10; round++) {
        check.equal(await ask(allowed), true, `what is allowed, round ${round}`);
        check.equal(await ask(denied), false, `what is denied, round ${round}`);
      }
    },
  },
  {
    name: "policy: of many questions at once each has its own answer",
    group: "concurrency",
    needs: DECIDES,
    async run(subject, check) {
      const { ask, allowed, denied } = bench(subject, check);
      const questions = Array.from({ length: 200 }, (_, number) => (number % 3 === 0 ? allowed : denied));
      const answers = await Promise.all(questions.map(ask));
      check.equal(
        answers,
        questions.map((question) => question === allowed),
        "the answers",
      );
    },
  },
  {
    name: "policy: what is said beside the question opens nothing",
    group: "decisions",
    needs: DECIDES,
    async run(subject, check) {
      const { ask, denied } = bench(subject, check);
      const { attributes } = denied;
      const rows: readonly (readonly [string, PolicyRequest])[] = [
        ["an attribute that nobody knows", { ...denied, attributes: { ...attributes, conformance: "yes" } }],
        ["an attribute with the name of a property", { ...denied, attributes: { ...attributes, constructor: "x" } }],
      ];
      for (const [title, question] of rows) check.equal(await ask(question), false, title);
    },
  },
  {
    name: "policy: any words are an answer's, and change no other",
    group: "bad input",
    needs: DECIDES,
    async run(subject, check) {
      const { ask, allowed, denied } = bench(subject, check);
      const words = ["", " ", "\n", "'", '"', "*", "__proto__", "ä", "x".repeat(60_000)];
      for (const word of words) {
        const odd = Object.fromEntries(Object.keys(denied.attributes).map((name) => [name, word]));
        for (const question of [
          { ...denied, object: word },
          { ...denied, permission: word },
          { ...denied, attributes: odd },
          { ...denied, identity: { ...denied.identity, saslName: word } },
        ])
          await check.within("the answer", ask(question));
      }
      check.equal(await ask(allowed), true, "what is allowed, after that");
      check.equal(await ask(denied), false, "what is denied, after that");
    },
  },
  {
    name: "policy: it decides as before after it was ended and started",
    group: "restarts",
    needs: DECIDES,
    async run(subject, check) {
      const { restart } = subject;
      if (restart === undefined) return check.leaveOut("nobody can restart it here");
      await restart.call(subject);
      const { ask, allowed, denied } = bench(subject, check);
      check.equal(await ask(allowed), true, "what is allowed");
      check.equal(await ask(denied), false, "what is denied");
    },
  },
];

function bench(subject: ServiceSubject<"policy">, check: Check) {
  /** As a daemon takes the answer: what is no decision denies. */
  const ask = async (question: PolicyRequest): Promise<boolean> => {
    const answer: unknown = await subject
      .client()
      .allows(question)
      .catch(() => false);
    check.ok(typeof answer === "boolean", `${JSON.stringify(answer)} is neither yes nor no`);
    return answer === true;
  };
  return { ask, allowed: questionOf(check, ALLOWED), denied: questionOf(check, DENIED) };
}

function questionOf(check: Check, fixture: string): PolicyRequest {
  return JSON.parse(check.fixture(fixture)) as PolicyRequest;
}
