import { LIST_INTERFACES_FLAG, type NetworkInterface } from "@polyvisor/core";
import type { HypervisorSubject } from "../../hypervisor/index.js";
import type { Case, Check } from "../../kit/index.js";
import { answerOf, connect } from "./made.js";

/** A card that is there for the kit's sake alone: a name that the kernel takes, and no address. */
const document = (name: string, mac: string) =>
  `<interface type='ethernet' name='${name}'><start mode='none'/><mac address='${mac}'/></interface>`;

/** The host's network interfaces. */
export const interfaceCases: readonly Case<HypervisorSubject>[] = [
  {
    name: "interface: what lists have is found by name and MAC address",
    group: "lists",
    needs: ["connectListAllInterfaces", "interfaceLookupByName"],
    async run(subject, check) {
      const { api } = await connect(subject, check);
      const all = await api.connectListAllInterfaces({ flags: 0 });
      check.equal(new Set(all.map(({ name }) => name)).size, all.length, "how many names there are");
      for (const iface of all) check.equal(await api.interfaceLookupByName(iface), iface, `${iface.name} by its name`);
      const macs = all.map(({ mac }) => mac);
      const alone = all.filter(({ mac }) => macs.indexOf(mac) === macs.lastIndexOf(mac) && /[^0:]/.test(mac));
      if (check.claims("interfaceLookupByMACString"))
        for (const iface of alone)
          check.equal(await api.interfaceLookupByMACString(iface), iface, `${iface.name} by its MAC address`);
      await check.refused(
        api.interfaceLookupByName({ name: check.newName() }),
        "NO_INTERFACE",
        "one that is not there",
      );
      await check.refused(api.connectListAllInterfaces({ flags: 0x40000000 }), "INVALID_ARG", "an unknown flag");
    },
  },
  {
    name: "interface: each is in the list of its state, and in one alone",
    group: "lists",
    needs: ["connectListAllInterfaces", "interfaceIsActive"],
    async run(subject, check) {
      const { api } = await connect(subject, check);
      const names = async (flags: number) =>
        (await api.connectListAllInterfaces({ flags })).map(({ name }) => name).sort();
      const { ACTIVE, INACTIVE } = LIST_INTERFACES_FLAG;
      const [active, inactive, all] = [await names(ACTIVE), await names(INACTIVE), await names(0)];
      check.equal([...active, ...inactive].sort(), all, "both lists together");
      for (const iface of await api.connectListAllInterfaces({ flags: 0 }))
        check.equal(await api.interfaceIsActive({ iface }), active.includes(iface.name), `${iface.name} active`);
      if (check.claims("connectListInterfaces") && check.claims("connectListDefinedInterfaces")) {
        check.equal([...(await api.connectListInterfaces({}))].sort(), active, "the names of active ones");
        check.equal([...(await api.connectListDefinedInterfaces({}))].sort(), inactive, "the names of inactive ones");
      }
    },
  },
  {
    name: "interface: is defined, started, stopped and forgotten",
    group: "lifecycle",
    needs: ["interfaceDefineXML", "interfaceCreate", "interfaceDestroy", "interfaceUndefine", "interfaceIsActive"],
    async run(subject, check) {
      const { api, define } = await interfaces(subject, check);
      const iface = await define();
      check.equal(await api.interfaceIsActive({ iface }), false, "active once defined");
      for (let round = 1; round <= 10; round++) {
        await api.interfaceCreate({ iface, flags: 0 });
        check.equal(await api.interfaceIsActive({ iface }), true, `active once started, round ${round}`);
        await check.refused(api.interfaceCreate({ iface, flags: 0 }), undefined, `the second start, round ${round}`);
        await api.interfaceDestroy({ iface, flags: 0 });
        check.equal(await api.interfaceIsActive({ iface }), false, `active once stopped, round ${round}`);
        await check.refused(api.interfaceDestroy({ iface, flags: 0 }), undefined, `the second end, round ${round}`);
      }
      await api.interfaceUndefine({ iface });
      await check.refused(api.interfaceLookupByName(iface), "NO_INTERFACE", "one that is gone");
      await check.refused(api.interfaceUndefine({ iface }), "NO_INTERFACE", "to forget it again");
    },
  },
  {
    name: "interface: a change is taken back as a whole, or stays as a whole",
    group: "transactions",
    needs: [
      "interfaceChangeBegin",
      "interfaceChangeCommit",
      "interfaceChangeRollback",
      "interfaceDefineXML",
      "connectListAllInterfaces",
    ],
    async run(subject, check) {
      const { api, define } = await interfaces(subject, check);
      const names = async () => (await api.connectListAllInterfaces({ flags: 0 })).map(({ name }) => name).sort();
      const before = await names();
      await api.interfaceChangeBegin({ flags: 0 });
      check.cleanup(() => api.interfaceChangeRollback({ flags: 0 }));
      await check.refused(api.interfaceChangeBegin({ flags: 0 }), "OPERATION_INVALID", "a change inside a change");
      await define();
      await api.interfaceChangeRollback({ flags: 0 });
      check.equal(await names(), before, "what is there once the change was taken back");
      await check.refused(api.interfaceChangeRollback({ flags: 0 }), "OPERATION_INVALID", "to take it back again");
      await check.refused(api.interfaceChangeCommit({ flags: 0 }), "OPERATION_INVALID", "to keep what never began");
      await api.interfaceChangeBegin({ flags: 0 });
      const { name } = await define();
      await api.interfaceChangeCommit({ flags: 0 });
      check.equal(await names(), [...before, name].sort(), "what is there once the change was kept");
    },
  },
  {
    name: "interface: a document goes round without a change, and one that is refused costs nothing",
    group: "documents",
    needs: ["interfaceDefineXML", "interfaceGetXMLDesc"],
    async run(subject, check) {
      const { api, define } = await interfaces(subject, check);
      const iface = await define();
      const xml = await api.interfaceGetXMLDesc({ iface, flags: 0 });
      await api.interfaceDefineXML({ xml, flags: 0 });
      check.equal(await api.interfaceGetXMLDesc({ iface, flags: 0 }), xml, "the document after one round");
      for (const bad of ["", "<", "<interface/>", "<domain/>", xml.slice(0, -4)])
        await check.refused(api.interfaceDefineXML({ xml: bad, flags: 0 }), undefined, JSON.stringify(bad));
      check.equal(await api.interfaceGetXMLDesc({ iface, flags: 0 }), xml, "the document after that");
    },
  },
  {
    name: "interface: a client that came to look changes nothing",
    group: "read-only",
    needs: ["interfaceDefineXML"],
    async run(subject, check) {
      const iface = await (await interfaces(subject, check)).define();
      const { api } = await connect(subject, check, { readOnly: true });
      const changes = {
        interfaceDefineXML: () => api.interfaceDefineXML({ xml: document("cfother", "52:54:00:01:02:03"), flags: 0 }),
        interfaceCreate: () => api.interfaceCreate({ iface, flags: 0 }),
        interfaceDestroy: () => api.interfaceDestroy({ iface, flags: 0 }),
        interfaceUndefine: () => api.interfaceUndefine({ iface }),
        interfaceChangeBegin: () => api.interfaceChangeBegin({ flags: 0 }),
      };
      for (const [call, change] of Object.entries(changes))
        await check.refused(change(), answerOf(check, call, "OPERATION_DENIED"), call);
    },
  },
];

async function interfaces(subject: HypervisorSubject, check: Check) {
  const { api } = await connect(subject, check);
  const define = async (): Promise<NetworkInterface> => {
    const digits = check.newUuid().slice(0, 8);
    const mac = `52:54:${digits.match(/../g)?.join(":")}`;
    const iface = await api.interfaceDefineXML({ xml: document(`cf${digits}`, mac), flags: 0 });
    check.cleanup(async () => {
      await api.interfaceDestroy({ iface, flags: 0 }).catch(() => {});
      await api.interfaceUndefine({ iface });
    });
    return iface;
  };
  return { api, define };
}
