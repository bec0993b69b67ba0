import test from "ava";
import { call, defineApi, type HandlersOf } from "../api/define.js";
import { text } from "../api/types.js";
import type { Contract, ContractName, Host } from "../index.js";
import { toyHost } from "../testing/toy-host.js";
import { i32 } from "../xdr/index.js";

/** Three majors of a contract that grew: at first a greeting of one word, then of a name, then so many times. */
const tables = {
  v1: defineApi({ greeting: call(1, {}, { word: text }, { acl: ["none"], shape: { returns: "word" } }) }),
  v2: defineApi({ greet: call(1, { name: text }, { words: text }, { acl: ["none"], shape: { returns: "words" } }) }),
  v3: defineApi({
    greet: call(1, { name: text, times: i32 }, { words: text }, { acl: ["none"], shape: { returns: "words" } }),
  }),
};

interface ToyV1 extends Required<HandlersOf<typeof tables.v1>> {}
interface ToyV2 extends Required<HandlersOf<typeof tables.v2>> {}
interface ToyV3 extends Required<HandlersOf<typeof tables.v3>> {}

const toy = { name: "toy", provider: "handlers", since: "0.1.0", stability: "young" } as const;
const v1: Contract = { ...toy, major: 1, api: tables.v1 };
const v2: Contract = {
  ...{ ...toy, major: 2, api: tables.v2 },
  former: {
    contract: v1,
    upgrade: (provider): ToyV2 => {
      const old = provider as ToyV1;
      return { greet: async ({ name }, context) => `${await old.greeting({}, context)}, ${name}` };
    },
    downgrade: (provider): ToyV1 => {
      const present = provider as ToyV2;
      return { greeting: async (_, context) => present.greet({ name: "all" }, context) };
    },
  },
};
const v3: Contract = {
  ...{ ...toy, major: 3, api: tables.v3 },
  former: {
    contract: { ...v2, former: undefined } as unknown as Contract,
    upgrade: (provider): ToyV3 => ({
      greet: async ({ name, times }, context) =>
        Array(times)
          .fill(await (provider as ToyV2).greet({ name }, context))
          .join("! "),
    }),
    downgrade: (provider): ToyV2 => ({
      greet: ({ name }, context) => (provider as ToyV3).greet({ name, times: 1 }, context),
    }),
  },
};

const PLUGINS = {
  one: { contracts: ["toy.v1"], code: `{ "toy.v1": class { #word = "Hail"; greeting() { return this.#word; } } }` },
  two: { contracts: ["toy.v2"], code: `{ "toy.v2": class { greet({ name }) { return "Hello " + name; } } }` },
  both: {
    contracts: ["toy.v1", "toy.v2"],
    code: `{ "toy.v1": class { greeting() { return "old"; } }, "toy.v2": class { greet({ name }) { return "new " + name; } } }`,
  },
};

const context = {} as never;

/** Contracts of an embedder's own are not in the core's types. */
async function provider<T>(host: Host, id: string, plugin: string): Promise<T> {
  return (await host.provider(id as ContractName, plugin)) as unknown as T;
}

test("a host serves a contract's present major and the one before: plugins of either work in it", async (t) => {
  await using host = await toyHost(t, PLUGINS, { contracts: [v2] });
  const rows = [
    ["one", "Hail, Ann", "Hail"],
    ["two", "Hello Ann", "Hello all"],
    ["both", "new Ann", "old"],
  ] as const;
  for (const [plugin, present, former] of rows) {
    const second = await provider<ToyV2>(host, "toy.v2", plugin);
    t.is(await second.greet({ name: "Ann" }, context), present, plugin);
    t.is(await (await provider<ToyV1>(host, "toy.v1", plugin)).greeting({}, context), former, plugin);
    t.is(second, await provider<ToyV2>(host, "toy.v2", plugin));
  }
});

test("a plugin that asks for a contract gets it in the major that it asks for, whatever the provider's", async (t) => {
  const seen = async (use: Record<string, string>) => {
    await using host = await toyHost(t, PLUGINS, { contracts: [v2], use });
    const old = (await host.connect("toy.v1" as never)) as unknown as ToyV1;
    const present = (await host.connect("toy.v2" as never)) as unknown as ToyV2;
    return [await old.greeting({}, context), await present.greet({ name: "Bo" }, context)];
  };
  t.deepEqual(await seen({ "toy.v1": "two" }), ["Hello all", "Hello Bo"]);
  t.deepEqual(await seen({ "toy.v2": "one" }), ["Hail", "Hail, Bo"]);
});

test("one major on, what is two behind is incompatible: what it wants, and what is here", async (t) => {
  await using host = await toyHost(t, PLUGINS, { contracts: [v3] });
  const third = await provider<ToyV3>(host, "toy.v3", "two");
  t.is(await third.greet({ name: "Ann", times: 2 }, context), "Hello Ann! Hello Ann");
  const one = host.plugins().find(({ name }) => name === "one");
  t.is(one?.state, "incompatible");
  t.is(one?.mismatch?.wanted, "toy.v1");
  t.regex(one?.mismatch?.found ?? "", /toy\.v3, toy\.v2$/);
  await t.throwsAsync(provider(host, "toy.v1", "one"), { message: /no plugin one provides toy\.v1/ });
});

test("contracts that cannot stand together are refused", async (t) => {
  await t.throwsAsync(toyHost(t, {}, { contracts: [v2, v1] }), { message: "there are two contracts toy.v1" });
  const gap: Contract = { ...v3, former: { contract: v1, upgrade: (old) => old, downgrade: (old) => old } };
  await t.throwsAsync(toyHost(t, {}, { contracts: [gap] }), { message: "toy.v1 is not the major before toy.v3" });
});
