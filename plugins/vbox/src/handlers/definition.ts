import {
  type CallContext,
  type Domain,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  UNDEFINE_FLAG,
} from "@polyvisor/core";
import { type Domain as Config, parseDomain } from "@polyvisor/sdk/conf/domain";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { runHelper } from "@polyvisor/sdk/process";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { checkFlags, vboxError } from "../errors.js";
import { type Command, clearCommands, configureCommands, createCommand } from "../machine/commands.js";
import { VBOX_HOOKS } from "../machine/domain.js";
import { MachineInfo } from "../machine/info.js";
import type { Machines } from "../machine/machines.js";
import { readSnapshots } from "../machine/snapshots.js";
import { isActive, isSaved } from "../machine/state.js";
import type { VBoxManage } from "../manage/index.js";
import { start } from "./lifecycle.js";
import { natNetworkNames } from "./networks.js";
import { documentOf } from "./queries.js";

const DEFINE_VALIDATE = 1;

/** Making and forgetting machines. */
export function definitionHandlers(machines: Machines): DomainConfigHandlers & DomainLifecycleHandlers {
  async function define(xml: string, flags: number, context: CallContext): Promise<Domain> {
    checkFlags(flags, DEFINE_VALIDATE, "vboxDomainDefineXMLFlags");
    if ((flags & DEFINE_VALIDATE) !== 0) await parseValidXml(xml, "domain");
    const config = parseDomain(xml, { hooks: { defaultArch: hostArch(), ...VBOX_HOOKS }, abiUpdate: true });
    if (config.name.includes("\n"))
      throw vboxError("XML_ERROR", "name cannot contain '\\n'", { hint: "the name of a domain has one line" });
    const ref = { name: config.name, uuid: config.uuid, id: -1 };
    await machines.change(ref, { api: "domainDefineXML", context }, () => make(machines, config));
    return (await machines.find(ref)).ref;
  }

  const undefine = (dom: Domain, flags: number, context: CallContext) => {
    checkFlags(flags, UNDEFINE_FLAG.SNAPSHOTS_METADATA | UNDEFINE_FLAG.MANAGED_SAVE, "vboxDomainUndefineFlags");
    return machines.change(dom, { api: "domainUndefine", context }, async () => {
      const info = await machines.info(dom);
      if (isActive(info))
        throw vboxError("OPERATION_INVALID", "cannot delete the domain while it runs", {
          hint: "virsh destroy ends it",
        });
      const snapshots = readSnapshots(info).length;
      if (snapshots > 0 && (flags & UNDEFINE_FLAG.SNAPSHOTS_METADATA) === 0)
        throw vboxError("OPERATION_INVALID", `cannot delete inactive domain with ${snapshots} snapshots`, {
          hint: "add --snapshots-metadata to forget them",
        });
      await forget(machines, dom.uuid);
    });
  };

  return {
    domainDefineXML: ({ xml }, context) => define(xml, 0, context),
    domainDefineXMLFlags: ({ xml, flags }, context) => define(xml, flags, context),
    async domainCreateXML({ xmlDesc, flags }, context) {
      checkFlags(flags, 0, "vboxDomainCreateXML");
      const dom = await define(xmlDesc, 0, context);
      await machines.change(dom, { api: "domainCreateXML", context }, async () => {
        try {
          await start(machines, dom);
        } catch (error) {
          await forget(machines, dom.uuid).catch(() => {});
          throw error;
        }
      });
      return (await machines.find(dom)).ref;
    },
    domainUndefine: ({ dom }, context) => undefine(dom, 0, context),
    domainUndefineFlags: ({ dom, flags }, context) => undefine(dom, flags, context),
  };
}

/** A machine that cannot be made as it should be is taken away again, one that cannot be changed is as it was. */
async function make(machines: Machines, config: Config): Promise<void> {
  const { manage } = machines;
  const natNetworks = await natNetworkNames(manage);
  const commands = configureCommands(config, natNetworks);
  const known = (await manage.machines()).find(({ name, uuid }) => uuid === config.uuid || name === config.name);
  if (known === undefined) {
    await manage.run(...createCommand(config));
    return runAll(manage, commands, () => forget(machines, config.uuid));
  }
  if (known.name !== config.name || known.uuid !== config.uuid)
    throw vboxError("OPERATION_FAILED", `domain '${known.name}' is already defined with uuid ${known.uuid}`, {
      hint: "choose another name and leave the UUID out",
    });
  const ref = { ...known, id: -1 };
  const info = await machines.info(ref);
  if (isActive(info) || isSaved(info) || readSnapshots(info).length > 0)
    throw vboxError(
      "OPERATION_INVALID",
      "VirtualBox changes the definition of a machine that is off, without snapshots",
      {
        hint: "virsh shutdown, and virsh snapshot-delete those that there are",
      },
    );
  const before = configureCommands(await documentOf(machines, ref, true), natNetworks);
  await runAll(manage, clearCommands(info), () => Promise.resolve());
  await runAll(manage, commands, async () => {
    await runAll(manage, [...clearCommands(await machines.info(ref)), ...before], () => Promise.resolve());
  });
}

async function runAll(manage: VBoxManage, commands: readonly Command[], undo: () => Promise<void>): Promise<void> {
  try {
    for (const command of commands) await manage.run(...command);
  } catch (error) {
    await undo().catch(() => {});
    throw error;
  }
}

/**
 * Forgets a machine and removes its settings. Its images stay: VBoxManage's own way of deleting the settings deletes them,
 * too, so the files are removed here.
 */
async function forget({ manage }: Machines, uuid: string): Promise<void> {
  const info = new MachineInfo((await manage.info(uuid)) ?? new Map());
  if (isSaved(info)) await manage.run("discardstate", uuid);
  await manage.run("unregistervm", uuid);
  const settings = info.text("CfgFile");
  if (settings !== undefined) await runHelper(["rm", "-f", "--", settings, `${settings}-prev`]);
}
