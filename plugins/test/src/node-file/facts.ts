import { VirtError } from "@polyvisor/core";
import { child, parseInteger, textOf, type XmlElement } from "@polyvisor/sdk/xml";
import { DEFAULT_INFO, type NodeFacts } from "../node-facts.js";

/** The longest name of a CPU's model, in bytes. */
const MODEL_MAX = 31;
const UINT_MAX = 4294967295;

/** The machine that `<cpu>` and `<memory>` of a node describe. What is not said is as usual; NUMA cells it has none. */
export function factsOf(root: XmlElement): NodeFacts {
  const cpu = child(root, "cpu");
  const number = (name: string, usual: number) =>
    numberIn(cpu && child(cpu, name), UINT_MAX, `invalid node cpu ${name} value`) ?? usual;
  const nodes = number("nodes", DEFAULT_INFO.nodes);
  const sockets = number("sockets", DEFAULT_INFO.sockets);
  const cores = number("cores", DEFAULT_INFO.cores);
  const threads = number("threads", DEFAULT_INFO.threads);
  const all = nodes * sockets * cores * threads;
  if (all > MOST_CPUS) throw wrong(`a node of ${all} CPUs`, `a node may have ${MOST_CPUS}`);
  return {
    info: {
      model: modelOf(cpu),
      memory:
        numberIn(child(root, "memory"), Number.MAX_SAFE_INTEGER, "invalid node memory value") ?? DEFAULT_INFO.memory,
      cpus: Math.min(number("active", all), all),
      mhz: number("mhz", DEFAULT_INFO.mhz),
      nodes,
      sockets,
      cores,
      threads,
    },
    cells: [],
  };
}

/** Far more than any machine has; each of them costs memory. */
const MOST_CPUS = 65536;

function modelOf(cpu: XmlElement | undefined): string {
  const element = cpu && child(cpu, "model");
  const model = element === undefined ? "" : textOf(element);
  if (model === "") return DEFAULT_INFO.model;
  if (Buffer.byteLength(model) <= MODEL_MAX) return model;
  throw new VirtError("INTERNAL_ERROR", `Model ${model} too big for destination`, {
    domain: "TEST",
    hint: `at most ${MODEL_MAX} bytes`,
  });
}

function numberIn(element: XmlElement | undefined, max: number, complaint: string): number | undefined {
  const text = element === undefined ? "" : textOf(element);
  if (text === "") return undefined;
  const value = parseInteger(text.trim(), { max });
  if (value === undefined) throw wrong(complaint, "write a whole number");
  return value;
}

function wrong(detail: string, hint: string): VirtError {
  return new VirtError("XML_ERROR", detail, { domain: "TEST", hint });
}
