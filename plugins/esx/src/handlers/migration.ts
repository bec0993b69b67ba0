import { checkFlags, type HypervisorHandlers, parseUri } from "@polyvisor/core";
import type { Server, Site } from "../server.js";
import { esxError } from "../soap/error.js";
import { type Ref, ref, text } from "../soap/message.js";

const LIVE = 1;
const PERSIST_DEST = 8;
const UNDEFINE_SOURCE = 16;
const PAUSED = 32;
const FLAGS = LIVE | PERSIST_DEST | UNDEFINE_SOURCE | PAUSED;
const NO_COOKIE = new Uint8Array();

/** Migration, which a vCenter does: from one of its hosts to another. libvirt's client runs the first version of its protocol. */
export function migrationHandlers(server: Server): HypervisorHandlers {
  return {
    domainMigratePrepare({ uriIn, flags }) {
      checkFlags(Number(flags), FLAGS, "esxDomainMigratePrepare", "ESX");
      const { address, place } = vcenterOf(server);
      const uriOut = uriIn === null ? `vpxmigr://${address}/${place.resourcePool.value}/${place.host.value}` : null;
      return { cookie: NO_COOKIE, uriOut };
    },
    async domainMigratePerform({ dom, uri, flags, dname }) {
      checkFlags(Number(flags), FLAGS, "esxDomainMigratePerform", "ESX");
      const site = vcenterOf(server);
      if (dname !== null) {
        throw esxError("INVALID_ARG", "Renaming domains on migration not supported", "leave the new name out");
      }
      const { pool, host } = destinationOf(uri, site);
      const machine = await server.machines.prepare(dom.uuid, site);
      await validate(site, machine.ref, pool, host);
      const body = ref("pool", pool) + ref("host", host) + text("priority", "defaultPriority");
      const end = await server.machines.perform("MigrateVM_Task", machine.ref, body, machine.ref, site);
      if (end.ok) return;
      const detail = `Could not migrate domain, migration task finished with an error: ${end.words}`;
      throw esxError("INTERNAL_ERROR", detail, "the vCenter's own log says more");
    },
    async domainMigrateFinish({ dname, flags }) {
      checkFlags(Number(flags), FLAGS, "esxDomainMigrateFinish", "ESX");
      const found = await server.machines.byName(dname);
      if (found !== undefined) return found.dom;
      throw esxError("NO_DOMAIN", `Could not find domain with name '${dname}'`, "it did not arrive");
    },
  };
}

function vcenterOf({ vcenter }: Server): Site {
  if (vcenter !== undefined) return vcenter;
  const hint = "connect to both hosts by their vCenter (vpx://), or with vcenter=*";
  throw esxError("INVALID_ARG", "Migration not possible without a vCenter", hint);
}

function destinationOf(text: string, site: Site): { pool: Ref; host: Ref } {
  const hint = "leave the migration URI out: the destination says it";
  const uri = parseUri(text);
  if (uri.scheme !== "vpxmigr") {
    throw esxError("INVALID_ARG", "Only vpxmigr:// migration URIs are supported", hint);
  }
  if (uri.server?.toLowerCase() !== site.address.toLowerCase()) {
    const detail = "Migration source and destination have to refer to the same vCenter";
    throw esxError("INVALID_ARG", detail, "name the vCenter in both URIs in the same way");
  }
  const [, pool = "", host = ""] = /^\/*([^/]+)\/(.+)$/.exec(uri.path) ?? [];
  if (pool !== "" && host !== "") {
    return { pool: { type: "ResourcePool", value: pool }, host: { type: "HostSystem", value: host } };
  }
  throw esxError("INVALID_ARG", "Migration URI has to specify resource pool and host system", hint);
}

/** Throws the first thing that the vCenter has against it. */
async function validate({ session }: Site, machine: Ref, pool: Ref, host: Ref): Promise<void> {
  const service: Ref = { type: "ServiceInstance", value: "ServiceInstance" };
  const body = ref("vm", machine) + ref("pool", pool) + ref("host", host);
  const [problem] = await session.call("ValidateMigration", service, body);
  if (problem === undefined) return;
  const words = problem.textAt("fullFormattedMessage");
  const detail = "Could not migrate domain, validation reported a problem";
  throw esxError("INTERNAL_ERROR", words === undefined ? detail : `${detail}: ${words}`, "the vCenter's log says more");
}
