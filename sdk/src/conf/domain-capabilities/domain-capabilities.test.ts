import { VirtError } from "@polyvisor/core";
import test from "ava";
import { formatDomainCapabilities, parseDomainCapabilities } from "../index.js";

const DOCUMENT = `<domainCapabilities>
  <path>/usr/bin/emulator</path>
  <domain>kvm</domain>
  <machine>m&amp;n</machine>
  <arch>x86_64</arch>
  <vcpu max='255'/>
  <iothreads supported='no'/>
  <os supported='yes'>
    <enum name='firmware'/>
    <loader supported='yes'>
      <value>/fw</value>
      <enum name='type'>
        <value>rom</value>
      </enum>
    </loader>
  </os>
  <cpu>
    <mode name='host-passthrough' supported='yes'>
      <enum name='hostPassthroughMigratable'>
        <value>on</value>
      </enum>
    </mode>
    <mode name='maximum' supported='yes'/>
    <mode name='host-model' supported='yes'>
      <model fallback='forbid'>EPYC</model>
      <vendor>AMD</vendor>
      <feature policy='require' name='svm'/>
      <feature policy='disable' name='avx'/>
    </mode>
    <mode name='custom' supported='yes'>
      <model usable='unknown' deprecated='yes' vendor='unknown'>486</model>
    </mode>
  </cpu>
  <memoryBacking supported='no'/>
  <devices>
    <hostdev supported='yes'>
      <enum name='mode'>
        <value>subsystem</value>
      </enum>
      <enum name='capsType'/>
    </hostdev>
    <channel supported='no'/>
  </devices>
  <features>
    <gic supported='no'/>
    <genid supported='yes'/>
    <s390-pv supported='no'/>
    <sev supported='yes'>
      <cbitpos>47</cbitpos>
      <reducedPhysBits>1</reducedPhysBits>
      <maxGuests>59</maxGuests>
      <maxESGuests>450</maxESGuests>
      <cpu0Id>AbC=</cpu0Id>
    </sev>
    <sgx supported='yes'>
      <flc>yes</flc>
      <sgx1>yes</sgx1>
      <sgx2>no</sgx2>
      <section_size unit='KiB'>2</section_size>
      <sections>
        <section node='0' size='1' unit='KiB'/>
      </sections>
    </sgx>
    <hyperv supported='yes'>
      <enum name='features'>
        <value>relaxed</value>
      </enum>
    </hyperv>
  </features>
</domainCapabilities>
`;

test("domain capabilities are read and printed without loss, also by way of JSON", (t) => {
  const capabilities = parseDomainCapabilities(DOCUMENT);
  t.is(formatDomainCapabilities(capabilities), DOCUMENT);
  t.is(formatDomainCapabilities(JSON.parse(JSON.stringify(capabilities))), DOCUMENT);
});

const REFUSED: readonly (readonly [what: string, inside: string, words: RegExp])[] = [
  ["no architecture", "<domain>kvm</domain>", /missing arch/],
  ["an unknown type", "<domain>kvn</domain><arch>x86_64</arch>", /unknown virtualization type 'kvn'/],
  [
    "a kind of device that may be there or not",
    "<domain>kvm</domain><arch>x86_64</arch><devices><disk/></devices>",
    /Missing required attribute 'supported' in element 'disk'/,
  ],
];

for (const [what, inside, words] of REFUSED) {
  test(`domain capabilities with ${what} are refused with the place`, (t) => {
    const xml = `<domainCapabilities>${inside}</domainCapabilities>`;
    const error = t.throws(() => parseDomainCapabilities(xml), { instanceOf: VirtError });
    t.is(error?.code, "XML_ERROR");
    t.regex(error?.message ?? "", words);
    t.is(error?.position?.line, 1);
  });
}
