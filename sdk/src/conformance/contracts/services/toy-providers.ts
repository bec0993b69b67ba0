import type { PolicyRequest } from "@polyvisor/core";
import { saslMechanisms } from "../../../login/index.js";

/** Who may log in to the toy. */
export const TOY_USER = { user: "fred", password: "rubble's = pass,word" };

/** A small correct provider of `auth.v1`: one user, by PLAIN. */
export function toyLogin() {
  return saslMechanisms([
    {
      name: "PLAIN",
      begin: () => ({
        async respond(words) {
          const [, name, password] = words.split("\0");
          if (name !== TOY_USER.user || password !== TOY_USER.password) throw new Error("a wrong name or password");
          return { words: "", name };
        },
      }),
    },
  ]);
}

const stop: PolicyRequest = {
  identity: { uid: 1000, saslName: "fred" },
  call: "domainDestroy",
  object: "domain",
  permission: "stop",
  attributes: { connect_driver: "Test", domain_name: "mine", domain_uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f" },
};

/** What the toy's policy allows and denies. */
export const TOY_QUESTIONS = {
  allowed: JSON.stringify(stop),
  denied: JSON.stringify({ ...stop, attributes: { ...stop.attributes, domain_name: "yours" } }),
};

/** A small correct provider of `policy.v1`: fred may stop what is called `mine`. It takes its time. */
export function toyPolicy() {
  return {
    async allows({ identity, object, permission, attributes }: PolicyRequest): Promise<boolean> {
      await new Promise((resolve) => setImmediate(resolve));
      return (
        identity.saslName === "fred" &&
        object === "domain" &&
        permission === "stop" &&
        attributes.domain_name === "mine"
      );
    },
  };
}
