import { XML_FLAG } from "@polyvisor/core";
import { attribute, child, parseXml, textOf } from "../../../xml/index.js";
import { DEFINES, group, type HypervisorCase, STARTS } from "../case.js";

const { quiet } = group("documents");

const XML = "domainGetXMLDesc";
const METADATA_TITLE = 1;
const METADATA_DESCRIPTION = 0;
const METADATA_ELEMENT = 2;

/** What a definition says comes back, and says the same again. */
export const documentCases: readonly HypervisorCase[] = [
  quiet("a document has the domain's name and UUID", [...DEFINES, XML], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const root = parseXml(await api.domainGetXMLDesc({ dom, flags: 0 }));
    check.equal(root.name, "domain", "the root element");
    check.equal(textOf(child(root, "name") ?? root), dom.name, "the name");
    check.equal(textOf(child(root, "uuid") ?? root), dom.uuid, "the UUID");
  }),

  quiet("a document that is defined again changes nothing", [...DEFINES, XML], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const flags = XML_FLAG.INACTIVE | XML_FLAG.SECURE;
    const first = await api.domainGetXMLDesc({ dom, flags });
    for (let i = 0; i < 3; i++) {
      await bench.define(await api.domainGetXMLDesc({ dom, flags }));
      check.equal(await api.domainGetXMLDesc({ dom, flags }), first, "the document");
    }
  }),

  quiet("a document defines an equal domain under another name", [...DEFINES, XML], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const flags = XML_FLAG.INACTIVE | XML_FLAG.SECURE;
    const xml = await api.domainGetXMLDesc({ dom, flags });
    const [name, uuid] = [check.newName(), check.newUuid()];
    bench.forget({ name, uuid, id: -1 });
    const twin = await bench.define(xml.replaceAll(dom.name, name).replaceAll(dom.uuid, uuid));
    const other = await api.domainGetXMLDesc({ dom: twin, flags });
    // What hypervisors make up for each domain, such as addresses of network cards, came with the document.
    check.equal(other.replaceAll(name, dom.name).replaceAll(uuid, dom.uuid), xml, "its document");
  }),

  quiet("the document of a guest has its id, and that of its next start has none", [...STARTS, XML], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.started();
    const live = parseXml(await api.domainGetXMLDesc({ dom, flags: 0 }));
    check.equal(attribute(live, "id"), String(dom.id), "the id of the guest's document");
    const next = parseXml(await api.domainGetXMLDesc({ dom, flags: XML_FLAG.INACTIVE }));
    check.equal(attribute(next, "id"), undefined, "the id of the document of its next start");
  }),

  quiet("starting and ending a guest leaves its definition as it was", [...STARTS, XML], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const flags = XML_FLAG.INACTIVE;
    const before = await api.domainGetXMLDesc({ dom, flags });
    await bench.start(dom);
    check.equal(await api.domainGetXMLDesc({ dom, flags }), before, "the document of its next start, while it runs");
    await bench.destroy(dom);
    check.equal(await api.domainGetXMLDesc({ dom, flags: 0 }), before, "its document afterwards");
  }),

  quiet("a definition for a guest that runs is for its next start", [...STARTS, XML], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.started();
    const live = await api.domainGetXMLDesc({ dom, flags: 0 });
    const next = await api.domainGetXMLDesc({ dom, flags: XML_FLAG.INACTIVE });
    await bench.define(next.replace("</name>", "</name>\n  <title>for the next start</title>"));
    check.equal(await api.domainGetXMLDesc({ dom, flags: 0 }), live, "the guest's document");
    await bench.destroy(dom);
    const xml = await api.domainGetXMLDesc({ dom, flags: 0 });
    check.ok(xml.includes("<title>for the next start</title>"), "the new definition is lost");
  }),

  quiet("the document for a migration can be defined", [...DEFINES, XML], async (bench) => {
    const { api } = bench;
    const dom = await bench.defined();
    const xml = await api.domainGetXMLDesc({ dom, flags: XML_FLAG.MIGRATABLE | XML_FLAG.INACTIVE });
    await bench.define(xml);
  }),

  quiet("text comes back as it was given", [...DEFINES, XML], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const text = "<&>\"' ä€😀 end";
    const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    const xml = bench.document(dom.name, dom.uuid);
    await bench.define(xml.replace("</name>", `</name><description>${escaped}</description>`));
    const root = parseXml(await api.domainGetXMLDesc({ dom, flags: 0 }));
    check.equal(textOf(child(root, "description") ?? root), text, "the description");
  }),

  quiet(
    "a document of a guest is what single calls say",
    [...DEFINES, XML, "domainGetOSType", "domainGetMaxMemory"],
    async (bench) => {
      const { api, check } = bench;
      const dom = await bench.defined();
      const root = parseXml(await api.domainGetXMLDesc({ dom, flags: 0 }));
      const type = child(child(root, "os") ?? root, "type");
      check.equal(await api.domainGetOSType({ dom }), textOf(type ?? root), "the type of its system");
      check.equal(
        BigInt(await api.domainGetMaxMemory({ dom })),
        BigInt(textOf(child(root, "memory") ?? root)),
        "its memory",
      );
    },
  ),

  quiet(
    "title, description and metadata are set, found and taken away",
    [...DEFINES, XML, "domainSetMetadata", "domainGetMetadata"],
    async (bench) => {
      const { api, check } = bench;
      const dom = await bench.defined();
      const before = await api.domainGetXMLDesc({ dom, flags: 0 });
      const flags = 2;
      const own = "urn:polyvisor:conformance";
      const all = [
        { type: METADATA_TITLE, metadata: "a title", key: null, uri: null },
        { type: METADATA_DESCRIPTION, metadata: "a description", key: null, uri: null },
        { type: METADATA_ELEMENT, metadata: "<thing word='x'/>", key: "k", uri: own },
      ];
      for (const each of all) {
        await api.domainSetMetadata({ dom, ...each, flags });
        const found = await api.domainGetMetadata({ dom, type: each.type, uri: each.uri, flags });
        // An element may come back with other quotes.
        check.equal(found.replaceAll('"', "'"), each.metadata, `metadata of type ${each.type}`);
      }
      for (const each of all) {
        await api.domainSetMetadata({ dom, ...each, metadata: null, flags });
        const gone = api.domainGetMetadata({ dom, type: each.type, uri: each.uri, flags });
        await check.refused(gone, "NO_DOMAIN_METADATA", `metadata of type ${each.type} that is gone`);
      }
      // An element that is empty says nothing.
      const after = (await api.domainGetXMLDesc({ dom, flags: 0 })).replace(/\s*<metadata(\/>|>\s*<\/metadata>)/, "");
      check.equal(after, before, "the document");
    },
  ),

  quiet("memory is set for the next start", [...DEFINES, XML, "domainSetMemoryFlags"], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    await api.domainSetMemoryFlags({ dom, memory: 32768n, flags: 2 });
    const root = parseXml(await api.domainGetXMLDesc({ dom, flags: XML_FLAG.INACTIVE }));
    check.equal(textOf(child(root, "currentMemory") ?? root), "32768", "the memory that it starts with");
  }),

  quiet("more memory than a domain may have is refused", [...DEFINES, "domainSetMemoryFlags"], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    const more = api.domainSetMemoryFlags({ dom, memory: 1n << 40n, flags: 2 });
    await check.refused(more, ["INVALID_ARG", "OPERATION_INVALID", "CONFIG_UNSUPPORTED"], "a pebibyte");
    check.equal(await bench.portrait(dom), before, "the domain");
  }),

  quiet(
    "processors are set for the next start",
    [...DEFINES, "domainSetVcpusFlags", "domainGetVcpusFlags"],
    async (bench) => {
      const { api, check } = bench;
      const dom = await bench.defined();
      const [config, maximum] = [2, 4];
      await api.domainSetVcpusFlags({ dom, nvcpus: 3, flags: config | maximum });
      await api.domainSetVcpusFlags({ dom, nvcpus: 2, flags: config });
      check.equal(await api.domainGetVcpusFlags({ dom, flags: config }), 2, "the processors that it starts with");
      check.equal(await api.domainGetVcpusFlags({ dom, flags: config | maximum }), 3, "those that it may have");
      const more = api.domainSetVcpusFlags({ dom, nvcpus: 4, flags: config });
      await check.refused(more, ["INVALID_ARG", "OPERATION_INVALID"], "more than it may have");
    },
  ),

  quiet("what is for a guest is refused where none runs", [...DEFINES, "domainSetMemoryFlags"], async (bench) => {
    const dom = await bench.defined();
    const live = bench.api.domainSetMemoryFlags({ dom, memory: 32768n, flags: 1 });
    await bench.check.refused(live, "OPERATION_INVALID", "a change of the guest's memory");
  }),

  quiet(
    "what is for a definition is refused where there is none",
    [...STARTS, "domainCreateXML", "domainSetMemoryFlags"],
    async (bench) => {
      const dom = await bench.created();
      const config = bench.api.domainSetMemoryFlags({ dom, memory: 32768n, flags: 2 });
      await bench.check.refused(config, ["OPERATION_INVALID", "INVALID_ARG"], "a change of the definition's memory");
    },
  ),

  quiet(
    "a domain that was only created cannot start by itself",
    [...STARTS, "domainCreateXML", "domainSetAutostart"],
    async (bench) => {
      const dom = await bench.created();
      const set = bench.api.domainSetAutostart({ dom, autostart: true });
      await bench.check.refused(set, ["OPERATION_INVALID", "INTERNAL_ERROR"], "autostart");
    },
  ),
];
