import { VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import { attribute, childElements } from "@polyvisor/sdk/xml";
import type { OciNamespace } from "../bundle/oci.js";

const KINDS: Readonly<Record<string, { readonly type: OciNamespace["type"]; readonly file: string }>> = {
  sharenet: { type: "network", file: "net" },
  shareipc: { type: "ipc", file: "ipc" },
  shareuts: { type: "uts", file: "uts" },
};

/** The namespaces that a container has together with others, by their paths. `initOf`: the init of a running container. */
export function sharedNamespaces(config: Config, initOf: (name: string) => number | undefined): OciNamespace[] {
  const elements = config.namespace?.elements.flatMap((element) => childElements(element)) ?? [];
  return elements.flatMap((element) => {
    const kind = KINDS[element.name.slice(element.name.indexOf(":") + 1)];
    if (kind === undefined) return [];
    const [type, value] = [attribute(element, "type") ?? "none", attribute(element, "value") ?? ""];
    const path = pathOf(kind.file, type, value, initOf);
    return path === undefined ? [] : [{ type: kind.type, path }];
  });
}

function pathOf(
  file: string,
  type: string,
  value: string,
  initOf: (name: string) => number | undefined,
): string | undefined {
  switch (type) {
    case "netns":
      if (file !== "net" || value === "" || value.includes("/")) throw refusal(`'netns' is for networks alone`);
      return `/run/netns/${value}`;
    case "pid":
      if (!/^[1-9]\d{0,9}$/.test(value)) throw refusal(`'${value}' is no pid`);
      return `/proc/${value}/ns/${file}`;
    case "name": {
      const init = initOf(value);
      if (init === undefined) throw refusal(`there is no running container '${value}'`);
      return `/proc/${init}/ns/${file}`;
    }
    default:
      return undefined;
  }
}

function refusal(detail: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", `a namespace cannot be shared: ${detail}`, {
    domain: "LXC",
    hint: "<lxc:sharenet type='netns|pid|name' value='...'/>",
  });
}
