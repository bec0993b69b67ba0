import test from "ava";
import { lazyHandlers } from "./lazy-handlers.js";

interface Numbers {
  double(this: unknown, args: { readonly n: number }): number;
  later(this: unknown, args: { readonly n: number }): Promise<number>;
}

function numbers(calls: string[]): Numbers {
  return {
    double({ n }) {
      calls.push(`double ${n}`);
      return 2 * n;
    },
    later: async ({ n }) => n,
  };
}

test("the code is loaded with the first call, once, and calls keep their order", async (t) => {
  const calls: string[] = [];
  let loads = 0;
  let arrive: (handlers: Numbers) => void = () => {};
  const { handlers } = lazyHandlers<Numbers>(["double", "later"], () => {
    loads++;
    return new Promise((resolve) => {
      arrive = resolve;
    });
  });
  t.deepEqual(Object.keys(handlers), ["double", "later"]);
  t.is(loads, 0);
  const answers = [1, 2, 3].map((n) => handlers.double({ n }));
  t.deepEqual(calls, []);
  arrive(numbers(calls));
  t.deepEqual(await Promise.all(answers), [2, 4, 6]);
  t.deepEqual(calls, ["double 1", "double 2", "double 3"]);
  t.is(loads, 1);
});

test("once loaded, what answers at once does so", async (t) => {
  const { handlers, load } = lazyHandlers<Numbers>(["double", "later"], async () => numbers([]));
  await load();
  t.is(handlers.double({ n: 4 }), 8);
  t.is(await handlers.later({ n: 4 }), 4);
});

test("this and every argument pass unchanged, before and after", async (t) => {
  type Seen = { seen(...args: unknown[]): unknown };
  const { handlers } = lazyHandlers<Seen>(["seen"], async () => ({
    seen(...args: unknown[]) {
      return [this, ...args];
    },
  }));
  const connection = Object.assign(Object.create(handlers) as Seen, { uri: "x:///" });
  const [args, context] = [{}, {}];
  for (const answer of [await connection.seen(args, context), connection.seen(args, context)] as unknown[][]) {
    t.is(answer[0], connection);
    t.is(answer[1], args);
    t.is(answer[2], context);
  }
});

test("what cannot be loaded fails the call, and the next one tries again", async (t) => {
  let attempts = 0;
  const { handlers } = lazyHandlers<Numbers>(["double", "later"], async () => {
    if (attempts++ === 0) throw new Error("no such file");
    return numbers([]);
  });
  await t.throwsAsync(async () => handlers.double({ n: 1 }), { message: "no such file" });
  t.is(await handlers.double({ n: 1 }), 2);
});
