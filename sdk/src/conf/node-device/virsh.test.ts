import { VirtError } from "@polyvisor/core";
import test from "ava";
import { askVirsh, hasVirsh90 } from "../../testkit/index.js";
import { parseNodeDevice } from "./index.js";

// libvirt's own test driver runs inside virsh: what is refused here must be refused there, in the same words. It makes
// Fibre Channel hosts alone, so all documents are those of devices that are to be made.

const compared = hasVirsh90();
const compare = compared ? test : test.skip;
const title = (what: string): string => (compared ? what : `needs virsh 9.0: ${what}`);

function refusal(xml: string): string | undefined {
  try {
    parseNodeDevice(xml, { create: true });
    return undefined;
  } catch (error) {
    if (error instanceof VirtError) return error.message;
    throw error;
  }
}

const device = (inside: string): string => `<device><name>d</name>${inside}</device>`;
const capability = (type: string, inside: string): string =>
  device(`<capability type='${type}'>${inside}</capability>`);
const inner = (type: string, inside = ""): string => `<capability type='${type}'>${inside}</capability>`;

const PLACE = "<domain>0</domain><bus>0</bus><slot>1</slot><function>0</function>";
const MAKERS = "<product id='0x1'>p</product><vendor id='0x2'>v</vendor>";
const pci = (inside: string): string => capability("pci", PLACE + MAKERS + inside);
const storage = (inside: string): string => capability("storage", `<block>/dev/a</block>${inside}`);
const css = (inside: string): string =>
  capability("css", `<cssid>0x0</cssid><ssid>0</ssid><devno>ffff</devno>${inside}`);
const types = (inside: string): string => css(inner("mdev_types", inside));

const REFUSED: Readonly<Record<string, string>> = {
  "another root": "<dev/>",
  "no capability": device(""),
  "a capability without type": device("<capability/>"),
  "an unknown capability": capability("x", ""),
  "a capability of others: fc_host": capability("fc_host", ""),
  "a capability of others: vports": capability("vports", ""),
  "a capability of others: vpd": capability("vpd", ""),
  "a devnode without type": device("<devnode>/dev/x</devnode>"),
  "a devnode of an unknown type": device("<devnode type='x'>/dev/x</devnode>"),
  "half of a parent": device("<parent wwnn='1'/>"),
  "the other half of a parent": device("<parent wwpn='1'/>"),
  "a system without UUID": capability("system", ""),
  "a system with a bad UUID": capability("system", "<hardware><uuid>x</uuid></hardware>"),
  "a bad class": capability("pci", "<class>x</class>"),
  "a class too large": capability("pci", "<class>0x1000000</class>"),
  "no PCI domain": capability("pci", ""),
  "a bad PCI domain": capability("pci", "<domain>x</domain>"),
  "no PCI bus": capability("pci", PLACE.replace("<bus>0</bus>", "")),
  "a bad PCI bus": capability("pci", PLACE.replace("<bus>0<", "<bus>x<")),
  "no PCI slot": capability("pci", PLACE.replace("<slot>1</slot>", "")),
  "no PCI function": capability("pci", PLACE.replace("<function>0</function>", "")),
  "no PCI vendor": capability("pci", PLACE),
  "a bad PCI vendor": capability("pci", `${PLACE}<vendor id='x'/>`),
  "no PCI product": capability("pci", `${PLACE}<vendor id='0x1'/>`),
  "a bad PCI product": capability("pci", `${PLACE}<vendor id='1'/><product id='zz'/>`),
  "a PCI capability without type": pci("<capability/>"),
  "a physical function without address": pci(inner("phys_function")),
  "a physical function at a bad slot": pci(inner("phys_function", "<address slot='0x20'/>")),
  "a physical function at a bad bus": pci(inner("phys_function", "<address bus='0x100' slot='1'/>")),
  "a physical function with a bad function": pci(inner("phys_function", "<address slot='1' function='8'/>")),
  "a bad count of virtual functions": pci(inner("virt_functions").replace("'>", "' maxCount='x'>")),
  "an IOMMU group without number": pci("<iommuGroup><address slot='1'/></iommuGroup>"),
  "an IOMMU group with a bad number": pci("<iommuGroup number='x'/>"),
  "a bad NUMA node": pci("<numa node='x'/>"),
  "a link without width": pci("<pci-express><link validity='cap'/></pci-express>"),
  "a link with an unknown speed": pci("<pci-express><link validity='sta' width='1' speed='3'/></pci-express>"),
  "a link with a bad port": pci("<pci-express><link validity='sta' width='1' port='x'/></pci-express>"),
  "product data without name": pci(inner("vpd")),
  "product data without access": pci(inner("vpd", "<name>n</name><fields access=''/>")),
  "product data with unknown access": pci(inner("vpd", "<name>n</name><fields access='x'/>")),
  "no USB bus": capability("usb_device", ""),
  "no USB device": capability("usb_device", "<bus>1</bus>"),
  "a bad USB device": capability("usb_device", "<bus>1</bus><device>x</device>"),
  "no USB vendor": capability("usb_device", "<bus>1</bus><device>1</device>"),
  "no USB product": capability("usb_device", "<bus>1</bus><device>1</device><vendor id='0x1'/>"),
  "no USB interface": capability("usb", ""),
  "a bad USB class": capability("usb", "<number>1</number><class>x</class>"),
  "no USB subclass": capability("usb", "<number>1</number><class>1</class>"),
  "no USB protocol": capability("usb", "<number>1</number><class>1</class><subclass>1</subclass>"),
  "no network interface": capability("net", ""),
  "a feature without name": capability("net", "<interface>e</interface><feature/>"),
  "an unknown feature": capability("net", "<interface>e</interface><feature name='x'/>"),
  "an unknown kind of network": capability("net", `<interface>e</interface>${inner("x")}`),
  "an unknown state of a link": capability("net", "<interface>e</interface><link state='x'/>"),
  "an unknown capability of a SCSI host": capability("scsi_host", inner("x")),
  "a SCSI host's capability without type": capability("scsi_host", "<capability/>"),
  "no target": capability("scsi_target", ""),
  "a target's capability without type": capability("scsi_target", "<target>t</target><capability/>"),
  "an unknown capability of a target": capability("scsi_target", `<target>t</target>${inner("x")}`),
  "a remote port without name": capability("scsi_target", `<target>t</target>${inner("fc_remote_port")}`),
  "a remote port without wwpn": capability(
    "scsi_target",
    `<target>t</target>${inner("fc_remote_port", "<rport>r</rport>")}`,
  ),
  "no SCSI host": capability("scsi", ""),
  "a bad SCSI host": capability("scsi", "<host>x</host>"),
  "no SCSI bus": capability("scsi", "<host>1</host>"),
  "no SCSI target": capability("scsi", "<host>1</host><bus>1</bus>"),
  "no LUN": capability("scsi", "<host>1</host><bus>1</bus><target>1</target>"),
  "no block device": capability("storage", ""),
  "no size": storage(""),
  "a bad size": storage("<size>x</size>"),
  "a disk's capability without type": storage("<capability/>"),
  "an unknown capability of a disk": storage(inner("x")),
  "a medium without size": storage(inner("removable")),
  "a medium with a bad size": storage(inner("removable", "<media_size>x</media_size>")),
  "no type of DRM": capability("drm", ""),
  "an unknown type of DRM": capability("drm", "<type>x</type>"),
  "no type of mdev": capability("mdev", ""),
  "a bad UUID of an mdev": capability("mdev", "<type id='t'/><uuid>x</uuid>"),
  "a bad IOMMU group of an mdev": capability("mdev", "<type id='t'/><iommuGroup number='x'/>"),
  "no cssid": capability("ccw", ""),
  "a bad cssid": capability("ccw", "<cssid>x</cssid>"),
  "no ssid": capability("ccw", "<cssid>0</cssid>"),
  "no devno": capability("ccw", "<cssid>0</cssid><ssid>0</ssid>"),
  "a bad devno": capability("ccw", "<cssid>0</cssid><ssid>0</ssid><devno>x</devno>"),
  "a subchannel's device by half": css("<channel_dev_addr><cssid>0</cssid></channel_dev_addr>"),
  "a subchannel's capability without type": css("<capability/>"),
  "a type of mdev without id": types("<type/>"),
  "a type of mdev without API": types("<type id='t'/>"),
  "a type of mdev without instances": types("<type id='t'><deviceAPI>a</deviceAPI></type>"),
  "no AP adapter": capability("ap_card", ""),
  "a bad AP adapter": capability("ap_card", "<ap-adapter>x</ap-adapter>"),
  "no AP domain": capability("ap_queue", "<ap-adapter>1</ap-adapter>"),
  "a bad AP domain": capability("ap_queue", "<ap-adapter>1</ap-adapter><ap-domain>x</ap-domain>"),
  "an AP domain too large": capability("ap_queue", "<ap-adapter>1</ap-adapter><ap-domain>0x100</ap-domain>"),
};

for (const [what, xml] of Object.entries(REFUSED)) {
  compare(title(`virsh agrees: ${what}`), (t) => {
    t.deepEqual(
      { error: refusal(xml) },
      askVirsh("test:///default", xml, (file) => `nodedev-create ${file}`),
    );
  });
}
