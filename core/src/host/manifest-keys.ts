import { flagKey, listKey, type SectionKeys, type SectionRules } from "../pluggable-loader/index.js";

/** What a manifest may say of a plugin of this host, beyond what every plugin says. docs/plugins.md explains each. */
const MANIFEST_KEYS: SectionKeys = {
  schemes: listKey('a list of schemes of URIs in small letters, such as ["qemu"]', /^[a-z][a-z0-9.-]*$/),
  transports: listKey('a list of transports of URIs in small letters, such as ["ssh"]', /^[a-z][a-z0-9.-]*$/),
  stateful: flagKey,
};

/** What makes a package a plugin of this host, and what it may say. */
export const MANIFEST_RULES: SectionRules = { key: "polyvisor", keys: MANIFEST_KEYS };
