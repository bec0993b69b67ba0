import { type Domain, type DomainLifecycleHandlers, type DomainSaveHandlers, VirtError } from "@polyvisor/core";
import { formatDomain } from "@polyvisor/sdk/conf/domain";
import { readConfig, readSavedConfig } from "./config.js";
import { adopt } from "./definition.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";
import { stop } from "./lifecycle.js";
import { readSaveFile, writeSaveFile } from "./save-file.js";

const SAVE = { BYPASS_CACHE: 1, RUNNING: 2, PAUSED: 4 } as const;
const XML_SECURE = 1;
const DUMP_CRASH = 1;
const RAW = 0;

/** Saving domains, bringing them back, and dumping them. A file holds a configuration: there is no guest to save. */
export function saveHandlers(hypervisor: TestHypervisor): DomainSaveHandlers & DomainLifecycleHandlers {
  const { domains } = hypervisor;

  async function save(dom: Domain, to: string, dxml: string | null, flags: number, signal: AbortSignal): Promise<void> {
    checkFlags(flags, 0, "testDomainSaveFlags");
    refuseDocument(dxml);
    const domain = domains.find(dom);
    domain.expectActive();
    await hypervisor.jobs.perform(domain, { operation: "save", api: "domainSave", signal });
    const what = `saving domain '${domain.ref.name}' to '${to}': open failed`;
    await writeSaveFile(to, formatDomain(domain.config, { secure: true }), what);
    // it may have ended meanwhile
    const after = domains.find(dom);
    after.expectActive();
    stop(hypervisor, after, "save");
  }

  async function restore(from: string, dxml: string | null, flags: number): Promise<void> {
    checkFlags(flags, 0, "testDomainRestoreFlags");
    refuseDocument(dxml);
    const domain = adopt(hypervisor, readConfig(await readSaveFile(from)));
    hypervisor.boot(domain);
    hypervisor.transition(domain, "restore");
  }

  async function dump(dom: Domain, to: string, format: number, flags: number, signal: AbortSignal): Promise<void> {
    checkFlags(flags, DUMP_CRASH, "testDomainCoreDumpWithFormat");
    const domain = domains.find(dom);
    domain.expectActive();
    await hypervisor.jobs.perform(domain, { operation: "dump", api: "domainCoreDump", signal });
    await writeSaveFile(to, undefined, `domain '${domain.ref.name}' coredump: failed to open ${to}`);
    if (format !== RAW) {
      const detail = "kdump-compressed format is not supported here";
      throw testError("OPERATION_UNSUPPORTED", detail, "choose the raw format");
    }
    if ((flags & DUMP_CRASH) === 0) return;
    const after = domains.find(dom);
    after.expectActive();
    stop(hypervisor, after, "endAfterPanic");
  }

  return {
    domainSave: ({ dom, to }, { signal }) => save(dom, to, null, 0, signal),
    domainSaveFlags: ({ dom, to, dxml, flags }, { signal }) => save(dom, to, dxml, flags, signal),
    domainRestore: ({ from }) => restore(from, null, 0),
    domainRestoreFlags: ({ from, dxml, flags }) => restore(from, dxml, flags),
    domainCoreDump: ({ dom, to, flags }, { signal }) => dump(dom, to, RAW, flags, signal),
    domainCoreDumpWithFormat: ({ dom, to, dumpformat, flags }, { signal }) => dump(dom, to, dumpformat, flags, signal),

    async domainSaveImageGetXMLDesc({ file, flags }) {
      checkFlags(flags, XML_SECURE, "testDomainSaveImageGetXMLDesc");
      return formatDomain(readSavedConfig(await readSaveFile(file)), { secure: true });
    },
    async domainSaveImageDefineXML({ file, dxml, flags }) {
      checkFlags(flags, SAVE.RUNNING | SAVE.PAUSED, "testDomainSaveImageDefineXML");
      await readSaveFile(file);
      const config = readSavedConfig(dxml);
      const what = `saving domain '${config.name}' to '${file}': open failed`;
      await writeSaveFile(file, formatDomain(config, { secure: true }), what);
    },

    async domainManagedSave({ dom, flags }, { signal }) {
      checkFlags(flags, SAVE.BYPASS_CACHE | SAVE.RUNNING | SAVE.PAUSED, "testDomainManagedSave");
      const domain = domains.find(dom);
      domain.expectActive();
      if (!domain.persistent) {
        const detail = "cannot do managed save for transient domain";
        throw testError("OPERATION_INVALID", detail, "define the domain first, or save it to a file");
      }
      await hypervisor.jobs.perform(domain, { operation: "save", api: "domainManagedSave", signal });
      const after = domains.find(dom);
      after.expectActive();
      stop(hypervisor, after, "save");
      after.hasManagedSave = true;
    },
    domainHasManagedSaveImage({ dom, flags }) {
      checkFlags(flags, 0, "testDomainHasManagedSaveImage");
      return domains.find(dom).hasManagedSave ? 1 : 0;
    },
    domainManagedSaveRemove({ dom, flags }) {
      checkFlags(flags, 0, "testDomainManagedSaveRemove");
      domains.find(dom).hasManagedSave = false;
    },
  };
}

function refuseDocument(dxml: string | null): void {
  if (dxml === null) return;
  throw new VirtError("ARGUMENT_UNSUPPORTED", "xml modification unsupported", {
    domain: "TEST",
    hint: "leave --xml out",
  });
}
