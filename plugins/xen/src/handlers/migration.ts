import type { CallContext, Domain, DomainMigrationHandlers, TypedParam } from "@polyvisor/core";
import { formatDomain } from "@polyvisor/sdk/conf/domain";
import { checkParams } from "@polyvisor/sdk/typed-params";
import { checkFlags, xenError } from "../errors.js";
import { type XenHypervisor, xenDomain0 } from "../hypervisor.js";
import { textParam } from "../migration.js";

const FLAG = { LIVE: 1, PERSIST_DEST: 8, UNDEFINE_SOURCE: 16 } as const;
const KNOWN = FLAG.LIVE | FLAG.PERSIST_DEST | FLAG.UNDEFINE_SOURCE;
/** What a client may say of a migration; xl sends as fast as it can. */
const PARAMS = {
  destination_name: "string",
  destination_xml: "string",
  migrate_uri: "string",
  bandwidth: "ullong",
} as const;
const RUNNING = 1;
const NO_COOKIE = Buffer.alloc(0);

/** Live migration, in version 3 of libvirt's protocol: the client leads both hosts through it. */
export function migrationHandlers(hypervisor: XenHypervisor): DomainMigrationHandlers {
  const { guests, migrations } = hypervisor;

  const begin = (dom: Domain, flags: number): string => {
    checkFlags(flags, KNOWN, "libxlDomainMigrateBegin3Params");
    const domain = guests.domains.find(dom);
    if (domain.active().id === 0) throw xenDomain0();
    if (domain.status.state !== RUNNING)
      throw xenError("OPERATION_INVALID", "domain is not running", "resume it first");
    if (domain.config().devices.hostdevs.length > 0)
      throw xenError("OPERATION_INVALID", "domain has assigned host devices", "detach them first");
    return formatDomain(domain.config(), { inactive: true, secure: true });
  };

  const perform = (dom: Domain, params: readonly TypedParam[], context: CallContext): Promise<Buffer> => {
    const uri = textParam(params, "migrate_uri");
    if (uri === undefined) throw xenError("INVALID_ARG", "the destination did not say where it awaits the domain");
    const domain = guests.domains.find(dom);
    const job = { kind: "migration-out", api: "domainMigratePerform3", signal: context.signal } as const;
    return domain.knownJobs.runAsync(job, async () => {
      const guest = domain.active();
      guest.isLeaving = true;
      try {
        await migrations.perform(guest.id, uri);
      } catch (error) {
        guest.isLeaving = false;
        throw error;
      }
      return NO_COOKIE;
    });
  };

  return {
    domainMigrateBegin3Params({ dom, params, flags }) {
      checkParams(params, PARAMS);
      return { cookieOut: NO_COOKIE, xml: begin(dom, flags) };
    },
    async domainMigratePrepare3Params({ params, flags }) {
      checkFlags(flags, KNOWN, "libxlDomainMigratePrepare3Params");
      checkParams(params, PARAMS);
      const xml = textParam(params, "destination_xml");
      if (xml === undefined) throw xenError("INTERNAL_ERROR", "no domain XML passed");
      const config = guests.read(xml);
      return { cookieOut: NO_COOKIE, uriOut: await migrations.prepare(config, textParam(params, "migrate_uri")) };
    },
    domainMigratePerform3Params({ dom, params, flags, dconnuri }, context) {
      checkFlags(flags, KNOWN, "libxlDomainMigratePerform3Params");
      if (dconnuri !== null)
        throw xenError(
          "ARGUMENT_UNSUPPORTED",
          "migration between daemons without a client is not supported",
          "leave --p2p out",
        );
      checkParams(params, PARAMS);
      return perform(dom, params, context);
    },
    async domainMigrateFinish3Params({ params, flags, cancelled }) {
      checkFlags(flags, KNOWN, "libxlDomainMigrateFinish3Params");
      checkParams(params, PARAMS);
      const { config, domain } = await migrations.finish(textParam(params, "destination_name") ?? "", cancelled !== 0);
      if ((flags & FLAG.PERSIST_DEST) !== 0) {
        const arrived = guests.domains.find(domain);
        await arrived.knownJobs.run({ kind: "modify", api: "domainMigrateFinish3" }, () =>
          guests.define(arrived, config),
        );
      }
      return { dom: domain, cookieOut: NO_COOKIE };
    },
    async domainMigrateConfirm3Params({ dom, params, flags, cancelled }) {
      checkFlags(flags, KNOWN, "libxlDomainMigrateConfirm3Params");
      const domain = guests.domains.find(dom);
      checkParams(params, PARAMS);
      if (domain.run === undefined || !domain.run.guest.isLeaving) return;
      const { guest } = domain.run;
      await domain.knownJobs.run({ kind: "modify", api: "domainMigrateConfirm3" }, async () => {
        guest.isLeaving = false;
        if (cancelled !== 0 || domain.run?.guest !== guest) return;
        await guests.stop(domain, "leave");
        if ((flags & FLAG.UNDEFINE_SOURCE) !== 0 && domain.persistent) await guests.undefine(domain);
      });
    },
  };
}
