import type { NWFilter } from "@polyvisor/core";
import type { HypervisorSubject } from "../../hypervisor/index.js";
import type { Case, Check } from "../../kit/index.js";
import { answerOf, connect } from "./made.js";

const document = (name: string, uuid: string, inside = "<rule action='accept' direction='inout'/>") =>
  `<filter name='${name}' chain='root'><uuid>${uuid}</uuid>${inside}</filter>`;

/** Network filters and their bindings. */
export const nwfilterCases: readonly Case<HypervisorSubject>[] = [
  {
    name: "filter: is defined, found by name and UUID, and forgotten",
    group: "lifecycle",
    needs: ["nwFilterDefineXML", "nwFilterLookupByName", "nwFilterLookupByUUID", "nwFilterUndefine"],
    async run(subject, check) {
      const { api, define } = await filters(subject, check);
      const nwfilter = await define();
      check.equal(await api.nwFilterLookupByName(nwfilter), nwfilter, "by name");
      check.equal(await api.nwFilterLookupByUUID(nwfilter), nwfilter, "by UUID");
      await api.nwFilterUndefine({ nwfilter });
      await check.refused(api.nwFilterLookupByName(nwfilter), "NO_NWFILTER", "by name once it is forgotten");
      await check.refused(api.nwFilterLookupByUUID(nwfilter), "NO_NWFILTER", "by UUID once it is forgotten");
      await check.refused(api.nwFilterUndefine({ nwfilter }), "NO_NWFILTER", "to forget it again");
    },
  },
  {
    name: "filter: lists have each of them",
    group: "lists",
    needs: ["nwFilterDefineXML", "connectListAllNWFilters", "connectListNWFilters", "connectNumOfNWFilters"],
    async run(subject, check) {
      const { api, define } = await filters(subject, check);
      const made = [await define(), await define()];
      const all = await api.connectListAllNWFilters({ flags: 0 });
      const names = await api.connectListNWFilters({});
      for (const { name, uuid } of made) {
        check.ok(
          all.some((each) => each.uuid === uuid && each.name === name),
          `${name} is not in the list of all`,
        );
        check.ok(names.includes(name), `${name} is not in the list of names`);
      }
      check.equal(await api.connectNumOfNWFilters({}), all.length, "how many there are");
      await check.refused(api.connectListAllNWFilters({ flags: 0x40000000 }), "INVALID_ARG", "an unknown flag");
    },
  },
  {
    name: "filter: name and UUID belong to one",
    group: "identity",
    needs: ["nwFilterDefineXML", "nwFilterLookupByName"],
    async run(subject, check) {
      const { api, define } = await filters(subject, check);
      const nwfilter = await define();
      const rows = [
        ["its name", document(nwfilter.name, check.newUuid())],
        ["its UUID", document(check.newName(), nwfilter.uuid)],
      ] as const;
      for (const [title, xml] of rows)
        await check.refused(api.nwFilterDefineXML({ xml }), "OPERATION_FAILED", `another one with ${title}`);
      check.equal(await api.nwFilterLookupByName(nwfilter), nwfilter, "the first one");
    },
  },
  {
    name: "filter: a document goes round without a change, and one that is refused costs nothing",
    group: "documents",
    needs: ["nwFilterDefineXML", "nwFilterGetXMLDesc"],
    async run(subject, check) {
      const { api, define } = await filters(subject, check);
      const nwfilter = await define();
      const xml = await api.nwFilterGetXMLDesc({ nwfilter, flags: 0 });
      await api.nwFilterDefineXML({ xml });
      check.equal(await api.nwFilterGetXMLDesc({ nwfilter, flags: 0 }), xml, "the document after one round");
      for (const bad of ["", "<", "<filter/>", "<domain/>", xml.slice(0, -4)])
        await check.refused(api.nwFilterDefineXML({ xml: bad }), undefined, JSON.stringify(bad));
      check.equal(await api.nwFilterGetXMLDesc({ nwfilter, flags: 0 }), xml, "the document after that");
    },
  },
  {
    name: "filter: none takes itself in, by whatever way",
    group: "references",
    needs: ["nwFilterDefineXML", "nwFilterGetXMLDesc"],
    async run(subject, check) {
      const { api, define } = await filters(subject, check);
      const nwfilter = await define();
      const before = await api.nwFilterGetXMLDesc({ nwfilter, flags: 0 });
      const second = await define(`<filterref filter='${nwfilter.name}'/>`);
      const loop = document(nwfilter.name, nwfilter.uuid, `<filterref filter='${second.name}'/>`);
      await check.refused(api.nwFilterDefineXML({ xml: loop }), "OPERATION_FAILED", "a loop");
      check.equal(await api.nwFilterGetXMLDesc({ nwfilter, flags: 0 }), before, "the document after that");
    },
  },
  {
    name: "filter: a binding is made, found and taken away, and its filter stays as long",
    group: "bindings",
    needs: [
      "nwFilterDefineXML",
      "nwFilterUndefine",
      "nwFilterBindingCreateXML",
      "nwFilterBindingLookupByPortDev",
      "nwFilterBindingDelete",
      "connectListAllNWFilterBindings",
    ],
    async run(subject, check) {
      const { api, define } = await filters(subject, check);
      const used = await define();
      const { name } = used;
      const portdev = `cf${check.newUuid().slice(0, 8)}`;
      const xml =
        `<filterbinding><owner><name>${name}</name><uuid>${check.newUuid()}</uuid></owner>` +
        `<portdev name='${portdev}'/><mac address='52:54:00:7b:35:93'/><filterref filter='${name}'/></filterbinding>`;
      const nwfilter = await api.nwFilterBindingCreateXML({ xml, flags: 0 });
      check.cleanup(() => api.nwFilterBindingDelete({ nwfilter }));
      check.equal(nwfilter, { portdev, filtername: name }, "the binding");
      check.equal(await api.nwFilterBindingLookupByPortDev({ name: portdev }), nwfilter, "by its port");
      const listed = await api.connectListAllNWFilterBindings({ flags: 0 });
      check.ok(
        listed.some((each) => each.portdev === portdev),
        "it is in no list",
      );
      await check.refused(api.nwFilterBindingCreateXML({ xml, flags: 0 }), undefined, "a second one on the port");
      await check.refused(api.nwFilterUndefine({ nwfilter: used }), "OPERATION_INVALID", "to forget a filter in use");
      await api.nwFilterBindingDelete({ nwfilter });
      const gone = api.nwFilterBindingLookupByPortDev({ name: portdev });
      await check.refused(gone, "NO_NWFILTER_BINDING", "one that is gone");
      await api.nwFilterUndefine({ nwfilter: used });
    },
  },
  {
    name: "filter: a client that came to look changes nothing",
    group: "read-only",
    needs: ["nwFilterDefineXML", "nwFilterLookupByName"],
    async run(subject, check) {
      const owner = await filters(subject, check);
      const nwfilter = await owner.define();
      const { api } = await connect(subject, check, { readOnly: true });
      const changes = {
        nwFilterDefineXML: () => api.nwFilterDefineXML({ xml: document(check.newName(), check.newUuid()) }),
        nwFilterUndefine: () => api.nwFilterUndefine({ nwfilter }),
      };
      for (const [call, change] of Object.entries(changes))
        await check.refused(change(), answerOf(check, call, "OPERATION_DENIED"), call);
      check.equal(await owner.api.nwFilterLookupByName(nwfilter), nwfilter, "what is there after that");
    },
  },
];

async function filters(subject: HypervisorSubject, check: Check) {
  const { api } = await connect(subject, check);
  const define = async (inside?: string): Promise<NWFilter> => {
    const nwfilter = await api.nwFilterDefineXML({ xml: document(check.newName(), check.newUuid(), inside) });
    check.cleanup(() => api.nwFilterUndefine({ nwfilter }));
    return nwfilter;
  };
  return { api, define };
}
