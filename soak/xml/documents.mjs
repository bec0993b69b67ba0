import { Random } from "../lib/random.mjs";
import { grow } from "./grow.mjs";
import { KINDS } from "./kinds.mjs";
import { garble, mutate } from "./mutate.mjs";

/** Of so many documents one is large. */
const LARGE = 1 / 25;
const GARBLED = 1 / 30;
/** Half of all documents are domains, the rest is shared among the other kinds. */
const DOMAINS = 0.5;

/** Document number `index` of a seed: its kind and its bytes. The same seed, corpus and number give the same document. */
export function documentOf({ documents, words }, seed, index) {
  const random = new Random(seed, index);
  const others = Object.keys(KINDS).filter((kind) => kind !== "domain");
  const kind = random.chance(DOMAINS) ? "domain" : random.pick(others);
  const text = random.pick(documents[kind]);
  const other = random.pick(documents[random.chance(0.8) ? kind : random.pick(others)]);
  const large = random.chance(LARGE);
  // what is large is mostly right, so that it is read to its end
  const mutated = large && random.chance(0.8) ? text : mutate(random, text, other, words);
  const bytes = Buffer.from(large ? grow(random, mutated) : mutated);
  return { kind, bytes: random.chance(GARBLED) ? garble(random, bytes) : bytes };
}
