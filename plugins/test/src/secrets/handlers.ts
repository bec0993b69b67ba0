import { checkFlags, LIST_SECRETS_FLAG as LIST, type SecretHandlers, VirtError } from "@polyvisor/core";
import { formatSecret, parseSecret, readSecret } from "@polyvisor/sdk/conf/secret";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { flagsOf, type ListFilters, selectBy } from "@polyvisor/sdk/store";
import { referenceTo, type TestSecret, type TestSecrets } from "./test-secrets.js";

const DEFINE_VALIDATE = 1;

const FILTERS: ListFilters<TestSecret> = [
  [
    [LIST.EPHEMERAL, ({ config }) => config.ephemeral],
    [LIST.NO_EPHEMERAL, ({ config }) => !config.ephemeral],
  ],
  [
    [LIST.PRIVATE, ({ config }) => config.private],
    [LIST.NO_PRIVATE, ({ config }) => !config.private],
  ],
];

/** Secrets, in memory. Their errors are those of libvirt's own driver of secrets. */
export function secretHandlers(secrets: TestSecrets): SecretHandlers {
  return {
    connectNumOfSecrets: () => [...secrets].length,
    connectListSecrets: () => [...secrets].map(({ config }) => config.uuid),
    connectListAllSecrets({ flags }) {
      checkFlags(flags, flagsOf(FILTERS), "secretConnectListAllSecrets", "SECRET");
      return selectBy(secrets, FILTERS, flags).map(({ config }) => referenceTo(config));
    },

    secretLookupByUUID: ({ uuid }) => referenceTo(secrets.find(uuid).config),
    secretLookupByUsage: ({ usageType, usageID }) => referenceTo(secrets.findByUsage(usageType, usageID).config),

    secretDefineXML({ xml, flags }) {
      checkFlags(flags, DEFINE_VALIDATE, "secretDefineXML", "SECRET");
      if (flags === 0) return secrets.define(parseSecret(xml));
      return parseValidXml(xml, "secret", { explain: readSecret }).then((root) => secrets.define(readSecret(root)));
    },
    secretUndefine: ({ secret }) => secrets.remove(secret.uuid),

    secretGetXMLDesc({ secret, flags }) {
      checkFlags(flags, 0, "secretGetXMLDesc", "SECRET");
      return formatSecret(secrets.find(secret.uuid).config);
    },

    secretSetValue({ secret, value, flags }) {
      checkFlags(flags, 0, "secretSetValue", "SECRET");
      secrets.setValue(secret.uuid, value);
    },
    secretGetValue({ secret, flags }) {
      checkFlags(flags, 0, "secretGetValue", "SECRET");
      const { config, value } = secrets.find(secret.uuid);
      if (config.private) {
        throw new VirtError("INVALID_SECRET", "secret is private", {
          domain: "SECRET",
          hint: "nobody is told a private secret's value",
        });
      }
      if (value !== undefined) return value;
      throw new VirtError("NO_SECRET", `secret '${config.uuid}' does not have a value`, {
        domain: "SECRET",
        hint: "give it one with `secret-set-value`",
      });
    },
  };
}
