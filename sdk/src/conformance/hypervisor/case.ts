import type { Case, Check } from "../kit/index.js";
import { Bench, listening } from "./bench.js";
import type { News } from "./news.js";
import type { HypervisorSubject } from "./subject.js";

export type HypervisorCase = Case<HypervisorSubject>;

/** What nearly every case needs: a domain can be defined, found and forgotten. */
export const DEFINES = ["domain", "domainLookupByUUID", "domainDefineXML", "domainUndefine"] as const;
/** And started and ended. */
export const STARTS = [...DEFINES, "domainCreate", "domainDestroy"] as const;
/** And heard of. */
export const EVENTS = ["connectDomainEventCallbackRegisterAny"] as const;

/** The cases of a group, each with a bench of its own. */
export function group(name: string) {
  const at =
    <A extends readonly unknown[]>(run: (bench: Bench, ...rest: A) => Promise<void>, rest: A) =>
    async (subject: HypervisorSubject, check: Check) =>
      run(await Bench.open(subject, check), ...rest);
  return {
    /** A case that works by one connection. */
    quiet: (title: string, needs: readonly string[], run: (bench: Bench) => Promise<void>): HypervisorCase => ({
      name: `${name}: ${title}`,
      group: name,
      needs,
      run: at(run, []),
    }),
    /** A case that listens, too. */
    heard: (
      title: string,
      needs: readonly string[],
      run: (bench: Bench, news: News) => Promise<void>,
    ): HypervisorCase => ({
      name: `${name}: ${title}`,
      group: name,
      needs: [...EVENTS, ...needs],
      run: async (subject, check) => {
        const { bench, news } = await listening(subject, check);
        await run(bench, news);
      },
    }),
    /** A case that opens what it needs itself. */
    raw: (title: string, needs: readonly string[], run: HypervisorCase["run"]): HypervisorCase => ({
      name: `${name}: ${title}`,
      group: name,
      needs,
      run,
    }),
  };
}
