import { u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { domain } from "./types.js";

export const lxcApi = defineApi({
  /** The namespaces of a running container: the reply brings a descriptor of each. */
  domainLxcOpenNamespace: call(
    1,
    { dom: domain, flags: u32 },
    {},
    { acl: ["domain:open_namespace"], descriptors: "several" },
  ),
});

export interface LxcHandlers extends HandlersOf<typeof lxcApi> {}
