import { flagKey, listKey, type SectionKeys } from "../pluggable-loader/index.js";

/** The key of package.json that makes a package a plugin. */
export const MANIFEST_KEY = "polyvisor";

/** What a manifest may say of a plugin of this host, beyond what every plugin says. docs/plugins.md explains each. */
export const MANIFEST_KEYS: SectionKeys = {
  schemes: listKey('a list of schemes of URIs in small letters, such as ["qemu"]', /^[a-z][a-z0-9.-]*$/),
  transports: listKey('a list of transports of URIs in small letters, such as ["ssh"]', /^[a-z][a-z0-9.-]*$/),
  stateful: flagKey,
};
