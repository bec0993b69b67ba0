import { attribute, childElements, parseXml, textOf } from "@polyvisor/sdk/xml";
import test from "ava";
import { Instance } from "../wmi/instance.js";
import { invokeRequest } from "./envelope.js";
import { faultError, named, readBody, readItems, selectorIn } from "./reply.js";

const URI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem";
const envelope = (body: string) =>
  `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"
    xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>${body}</e:Body></e:Envelope>`;
const item = (inside: string, uri = URI) => `<q:Msvm_ComputerSystem xmlns:q="${uri}">${inside}</q:Msvm_ComputerSystem>`;

function bodyOf(body: string) {
  const read = readBody("pull", 200, envelope(body));
  if (!("body" in read)) throw new Error("a fault");
  return read.body;
}

const ENDS: readonly (readonly [string, "Enumerate" | "Pull", string, string | undefined])[] = [
  ["all at once", "Enumerate", "<n:EnumerationContext/><w:Items>ITEM</w:Items><w:EndOfSequence/>", undefined],
  ["some at once", "Enumerate", "<w:Items>ITEM</w:Items><n:EnumerationContext>c</n:EnumerationContext>", "c"],
  ["more", "Pull", "<n:EnumerationContext>d</n:EnumerationContext><n:Items>ITEM</n:Items>", "d"],
  ["the end", "Pull", "<n:Items>ITEM</n:Items><n:EndOfSequence/>", undefined],
];

for (const [what, operation, inside, context] of ENDS) {
  test(`a query's answer: ${what}`, (t) => {
    const response = `<n:${operation}Response>${inside.replace("ITEM", item("<q:Name>a</q:Name>"))}</n:${operation}Response>`;
    const read = readItems(operation, bodyOf(response), "Msvm_ComputerSystem");
    t.is(read.context, context);
    t.is(read.items.length, 1);
  });
}

test("an object of another class or namespace is no answer", (t) => {
  const response = `<n:PullResponse><n:Items>${item("", "urn:other")}</n:Items></n:PullResponse>`;
  const error = t.throws(() => readItems("Pull", bodyOf(response), "Msvm_ComputerSystem"));
  t.regex(error?.message ?? "", /Could not deserialize pull response item/);
});

test("properties: text, arrays, null, and numbers that are none", (t) => {
  const [element] = childElements(
    bodyOf(
      item(
        '<q:Name>a</q:Name><q:Notes>1</q:Notes><q:Notes>2</q:Notes><q:Caption xsi:nil="true"/><q:ProcessID>12</q:ProcessID><q:EnabledState>on</q:EnabledState>',
      ),
    ),
  );
  if (element === undefined) return t.fail();
  const found = Instance.read("Msvm_ComputerSystem", element);
  t.is(found.text("Name"), "a");
  t.deepEqual(found.list("Notes"), ["1", "2"]);
  t.is(found.text("Caption"), undefined);
  t.is(found.number("ProcessID"), 12);
  t.is(found.number("Caption", 7), 7);
  t.throws(() => found.number("EnabledState"), { message: /is no number/ });
  t.throws(() => found.required("Caption"), { message: /Missing 'Caption' property/ });
});

test("a fault is told in libvirt's words, other answers by their status", (t) => {
  const fault =
    "<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>w:X</e:Value></e:Subcode></e:Code><e:Reason><e:Text>no</e:Text></e:Reason><e:Detail>why</e:Detail></e:Fault>";
  const read = readBody("enumeration", 500, envelope(fault));
  if (!("fault" in read)) return t.fail();
  t.is(
    faultError("enumeration", read.fault).detail,
    "SOAP fault during enumeration: code 'e:Sender', subcode 'w:X', reason 'no', detail 'why'",
  );
  t.throws(() => readBody("pull", 404, ""), { message: /Unexpected HTTP response during pull: 404/ });
  t.throws(() => readBody("pull", 200, " "), { message: /Empty response during pull/ });
  t.throws(() => readBody("pull", 200, "<a/>"), { message: /Could not lookup SOAP body/ });
  t.throws(() => readBody("pull", 200, "<a>"), { name: "VirtError" });
});

test("a method's arguments are written so that nothing in them is markup", (t) => {
  const nasty = "a]]>&<'\"";
  const request = invokeRequest(
    { url: "https://h:1/wsman", patience: 1500 },
    {
      className: "Msvm_VirtualSystemManagementService",
      selectors: { CreationClassName: nasty },
      method: "DefineSystem",
      parameters: [
        { name: "Text", text: nasty },
        { name: "System", reference: { className: "Msvm_ComputerSystem", selectors: { Name: nasty } } },
        {
          name: "Settings",
          embedded: {
            className: "Msvm_VirtualSystemSettingData",
            properties: { ElementName: nasty, Notes: [nasty], AutomaticStartupAction: 4 },
          },
        },
      ],
    },
  );
  const root = parseXml(request);
  const input = named(named(root, "Body"), "DefineSystem_INPUT");
  t.is(textOf(named(input, "Text") ?? root), nasty);
  t.is(selectorIn(named(input, "System"), "Name"), nasty);
  const properties = childElements(parseXml(textOf(named(input, "Settings") ?? root)));
  t.deepEqual(
    properties.map((each) => [each.name, attribute(each, "NAME"), attribute(each, "TYPE"), textOf(each)]),
    [
      ["PROPERTY", "ElementName", "string", nasty],
      ["PROPERTY.ARRAY", "Notes", "string", nasty],
      ["PROPERTY", "AutomaticStartupAction", "uint16", "4"],
    ],
  );
});
