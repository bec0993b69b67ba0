import { fileURLToPath } from "node:url";
import test from "ava";
import { type Profile, registerKit, runCase } from "../../kit/index.js";
import { FAULTS, type Fault } from "./faults.js";
import {
  claimedCalls,
  SERVICE_KITS,
  type ServiceName,
  type ServiceSubject,
  subjectOfPlugin,
  subjectOfProvider,
} from "./index.js";
import { TOY_QUESTIONS, TOY_USER, toyLogin, toyPolicy } from "./toy-providers.js";

interface Row<N extends ServiceName> {
  readonly subject: ServiceSubject<N>;
  readonly profile: Profile;
}

const isRoot = process.getuid?.() === 0;
const exampleFolder = (name: string) => fileURLToPath(new URL(`../../../../../examples/${name}`, import.meta.url));

async function example<N extends ServiceName>(name: N, folder: string, fixtures: Profile["fixtures"]): Promise<Row<N>> {
  const subject = await subjectOfPlugin(name, exampleFolder(folder));
  return { subject, profile: { calls: subject.calls, fixtures, traits: [] } };
}

async function toy<N extends ServiceName>(name: N, make: () => object, fixtures: Profile["fixtures"]): Promise<Row<N>> {
  const subject = await subjectOfProvider(name, make);
  return { subject, profile: { calls: claimedCalls(name, make()), fixtures, traits: [] } };
}

const ROWS: { readonly [N in ServiceName]: Row<N> } = {
  lock: await example("lock", "lock-flock", {}),
  log: await example("log", "log-file", { rollsOverAt: String(2 * 1024 * 1024) }),
  security: await example("security", "security-owner", { label: "+65534:+65534" }),
  auth: await toy("auth", toyLogin, TOY_USER),
  policy: await toy("policy", toyPolicy, TOY_QUESTIONS),
};

test.after.always(async () => {
  for (const { subject } of Object.values(ROWS)) await subject.close();
});

for (const name of Object.keys(ROWS) as ServiceName[]) tryOut(name);

function tryOut<N extends ServiceName>(name: N): void {
  if (name === "security" && !isRoot) {
    test.skip("the kit of security: only root may give files away", () => {});
    return;
  }
  const { subject, profile } = ROWS[name];
  const kit = SERVICE_KITS[name];
  registerKit(test, kit, subject, { profile, title: name });
  for (const { fault, caughtBy, breaks } of FAULTS[name] as readonly Fault<N>[])
    test.serial(`the kit of ${name} catches one that ${fault}`, async (t) => {
      const one = kit.cases.find((each) => each.name === caughtBy);
      if (one === undefined) return t.fail(`there is no case "${caughtBy}"`);
      const state = new Map<string, unknown>();
      const broken: ServiceSubject<N> = {
        client: () => ({ ...subject.client(), ...breaks(subject.client(), state) }),
        restart: async () => subject.restart?.(),
        close: async () => {},
      };
      const result = await runCase(one, broken, { profile });
      t.is(result.outcome, "failed", result.says);
      t.log(result.says);
    });
}
