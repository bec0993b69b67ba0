import type { Connection, HypervisorClient } from "@polyvisor/core";
import type { HypervisorSubject } from "../../hypervisor/index.js";

/** Some calls in place of the subject's own, which they may ask. */
export type Breakage = (api: HypervisorClient, state: Map<string, unknown>) => Partial<HypervisorClient>;

/** The subject with one fault, to find out whether a kit notices. All its connections share one `state`. */
export function broken(subject: HypervisorSubject, breakage: Breakage): HypervisorSubject {
  const state = new Map<string, unknown>();
  return {
    ...subject,
    close: () => subject.close(),
    async open(options) {
      const connection = await subject.open(options);
      const api = { ...connection.api, ...breakage(connection.api, state) };
      return new Proxy(connection, {
        get(target, name) {
          if (name === "api") return api;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      }) satisfies Connection;
    },
  };
}
