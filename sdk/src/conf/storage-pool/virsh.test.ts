import { VirtError } from "@polyvisor/core";
import test from "ava";
import { askVirsh, hasVirsh90, type VirshAnswer } from "../../testkit/index.js";
import { formatStorageVolume, parseStorageVolume } from "../storage-volume/index.js";
import { formatStoragePool, parseStoragePool, STORAGE_POOL_TYPES } from "./index.js";

// libvirt's own test driver runs inside virsh: the same XML must give the same document or the same words here.

const compared = hasVirsh90();
const compare = compared ? test : test.skip;
const title = (what: string): string => (compared ? what : `needs virsh 9.0: ${what}`);
const UUID = "6f0b2d3c-0000-4000-8000-000000000001";
/** What the test driver says of every pool. */
const USAGE = { capacity: 107374182400, allocation: 0, available: 107374182400 };

function answer(work: () => string): VirshAnswer {
  try {
    return { xml: work() };
  } catch (error) {
    if (error instanceof VirtError) return { error: error.message };
    throw error;
  }
}

function pool(type: string, inside: string): string {
  return `<pool type='${type}'><name>p</name><uuid>${UUID}</uuid>${inside}</pool>`;
}

const TARGET = "<target><path>/t</path></target>";
const EVERYTHING = `<source><host name='h' port='1'/><host name='&lt;'/><device path='/dev/a' part_separator='no'/>
<device path='iqn.x'/><dir path='//d///e/'/><adapter name='scsi_host1'/><name>n &amp; m</name>
<initiator><iqn name='iqn.y'/></initiator><auth type='ceph' username='u'><secret type='x' usage='s'/></auth>
<protocol ver='4'/><vendor name='v'/><product name='p'/></source>
<target><path>/t//u/</path><permissions><mode>0751</mode><owner>0</owner><group>-1</group><label>l</label></permissions></target>
<refresh><volume allocation='default'/></refresh>`;
const fc = (attributes: string): string =>
  pool("scsi", `<source><adapter type='fc_host' ${attributes}/></source>${TARGET}`);
const WWN = "wwnn='20000000c9831b4b' wwpn='0x10000000c9831b4b'";
const dir = (permissions: string): string =>
  pool("dir", `<target><path>/t</path><permissions>${permissions}</permissions></target>`);
const auth = (inside: string): string =>
  pool("iscsi", `<source><host name='h'/><device path='d'/>${inside}</source>${TARGET}`);

const POOLS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(STORAGE_POOL_TYPES.map((type) => [`a ${type} pool with everything`, pool(type, EVERYTHING)])),
  ...Object.fromEntries(STORAGE_POOL_TYPES.map((type) => [`a ${type} pool with nothing`, pool(type, "")])),
  ...Object.fromEntries(STORAGE_POOL_TYPES.map((type) => [`a ${type} pool with a target alone`, pool(type, TARGET)])),
  "a pool named by its source": "<pool type='rbd'><source><host name='h'/><name>p</name></source></pool>".replace(
    "<source>",
    `<uuid>${UUID}</uuid><source>`,
  ),
  "a file system that copies on write": pool("dir", `<features><cow state='yes'/></features>${TARGET}`),
  "copy on write where there is no file system": pool("mpath", `<features><cow state='yes'/></features>${TARGET}`),
  "an unknown type": pool("dri", TARGET),
  "no type": `<pool><name>p</name>${TARGET}</pool>`,
  "another root": "<pol type='dir'/>",
  "no name": `<pool type='dir'>${TARGET}</pool>`,
  "a slash in the name": `<pool type='dir'><name>a/b</name>${TARGET}</pool>`,
  "a bad uuid": `<pool type='dir'><name>p</name><uuid>6f0b</uuid>${TARGET}</pool>`,
  "an odd uuid": `<pool type='dir'><name>p</name><uuid> 6F0B2D3C000040008000-000000000001 </uuid>${TARGET}</pool>`,
  "an unknown format": pool("fs", `<source><device path='/d'/><format type='ext5'/></source>${TARGET}`),
  "a host without name": auth("<host/>"),
  "a host with a bad port": auth("<host name='x' port='ssh'/>"),
  "a device without path": auth("<device/>"),
  "a bad part separator": auth("<device path='x' part_separator='p'/>"),
  "a version of a protocol that has none": pool(
    "netfs",
    `<source><host name='h'/><dir path='/d'/><format type='cifs'/><protocol ver='3'/></source>${TARGET}`,
  ),
  "two versions": pool("netfs", `<source><host name='h'/><dir path='/d'/><protocol ver='3,4'/></source>${TARGET}`),
  "auth without user": auth("<auth type='chap'><secret usage='s'/></auth>"),
  "auth without type": auth("<auth username='u'><secret usage='s'/></auth>"),
  "auth of an unknown type": auth("<auth type='pap' username='u'><secret usage='s'/></auth>"),
  "auth without secret": auth("<auth type='chap' username='u'/>"),
  "a secret without reference": auth("<auth type='chap' username='u'><secret/></auth>"),
  "a secret with both references": auth(`<auth type='chap' username='u'><secret usage='s' uuid='${UUID}'/></auth>`),
  "a secret with a bad uuid": auth("<auth type='chap' username='u'><secret uuid='x'/></auth>"),
  "a host adapter by address": pool(
    "scsi",
    `<source><adapter type='scsi_host'><parentaddr unique_id='5'><address bus='0' slot='0x1f' function='2'/></parentaddr></adapter></source>${TARGET}`,
  ),
  "a host adapter without number": pool(
    "scsi",
    `<source><adapter type='scsi_host'><parentaddr><address bus='0' slot='0x1f'/></parentaddr></adapter></source>${TARGET}`,
  ),
  "a host adapter without address": pool(
    "scsi",
    `<source><adapter type='scsi_host'><parentaddr unique_id='1'/></adapter></source>${TARGET}`,
  ),
  "a host adapter by nothing": pool("scsi", `<source><adapter type='scsi_host'/></source>${TARGET}`),
  "a host adapter by both": pool(
    "scsi",
    `<source><adapter type='scsi_host' name='a'><parentaddr unique_id='1'><address slot='1'/></parentaddr></adapter></source>${TARGET}`,
  ),
  "an adapter of an unknown type": pool("scsi", `<source><adapter type='sas_host'/></source>${TARGET}`),
  "an adapter that needs a type": pool("scsi", `<source><adapter parent='x'/></source>${TARGET}`),
  "an adapter's parent that needs a type": pool("scsi", `<source><adapter><parentaddr/></adapter></source>${TARGET}`),
  "a fibre channel host": fc(`${WWN} parent='p' managed='yes' parent_fabric_wwn='2000000000000001'`),
  "a fibre channel host by its parent's names": fc(
    `${WWN} parent_wwnn='2000000000000001' parent_wwpn='2000000000000002'`,
  ),
  "a fibre channel host by half": fc("wwnn='20000000c9831b4b'"),
  "a fibre channel host by half its parent's names": fc(`${WWN} parent_wwnn='2000000000000001'`),
  "a fibre channel host by the other half": fc(`${WWN} parent_wwpn='2000000000000001'`),
  "a bad world wide name": fc("wwnn='2000' wwpn='10000000c9831b4b'"),
  "a bad mode": dir("<mode>0888</mode>"),
  "a mode too large": dir("<mode>1777</mode>"),
  "no rights at all": dir("<mode>0</mode>"),
  "a bad owner": dir("<owner>root</owner>"),
  "an empty group": dir("<group/>"),
  "permissions that say nothing": dir("<owner>-1</owner><group>4294967295</group>"),
  "a bad refresh": pool("dir", `${TARGET}<refresh><volume allocation='x'/></refresh>`),
};

for (const [what, xml] of Object.entries(POOLS)) {
  compare(title(`virsh agrees: ${what}`), (t) => {
    const theirs = askVirsh("test:///default", xml, (file) => `pool-define ${file}; pool-dumpxml p`);
    const ours = answer(() => formatStoragePool({ ...parseStoragePool(xml), usage: USAGE }));
    t.deepEqual(ours, theirs);
  });
}

function volume(inside: string, attributes = ""): string {
  return `<volume${attributes}><name>v</name>${inside}</volume>`;
}

const CAPACITY = "<capacity>5</capacity>";
const target = (inside: string): string => volume(`${CAPACITY}<target>${inside}</target>`);

const VOLUMES: Readonly<Record<string, string>> = {
  "a volume with everything": volume(
    `<capacity unit='MB'>1</capacity><allocation unit='K'>3</allocation><target><format type='qcow2'/>
<permissions><mode>0600</mode><owner>7</owner><group>8</group><label>x</label></permissions><compat>0.10</compat><nocow/>
<clusterSize unit='KiB'>64</clusterSize><features><extended_l2/><lazy_refcounts/></features>
<encryption format='luks' engine='qemu'><secret type='passphrase' uuid='${UUID}'/>
<cipher name='aes' size='256' mode='cbc' hash='sha256'/><ivgen name='plain64' hash='sha256'/></encryption></target>
<backingStore><path>/b</path><format type='raw'/><permissions><mode>0644</mode></permissions></backingStore>`,
  ),
  "a volume with little": volume(CAPACITY),
  "a backing store without path": volume(`${CAPACITY}<backingStore><format type='x'/></backingStore>`),
  "no features": target("<features/>"),
  "an unknown feature": target("<features><x/></features>"),
  "a volume without capacity": volume(""),
  "a volume without name": "<volume><capacity>5</capacity></volume>",
  "a bad capacity": volume("<capacity>five</capacity>"),
  "a negative capacity": volume("<capacity>-5</capacity>"),
  "an unknown unit": volume("<capacity unit='X'>5</capacity>"),
  "a capacity too large": volume("<capacity unit='EiB'>8</capacity>"),
  "a capacity beyond 64 bits": volume("<capacity>99999999999999999999</capacity>"),
  "a bad allocation": volume(`${CAPACITY}<allocation>x</allocation>`),
  "a bad compat": target("<compat>1</compat>"),
  "a bad compat with a letter": target("<compat>1.a</compat>"),
  "a volume's unknown format": target("<format type='none'/>"),
  "a backing store's unknown format": volume(
    `${CAPACITY}<backingStore><path>/b</path><format type='x'/></backingStore>`,
  ),
  "a bad cluster size": target("<clusterSize>x</clusterSize>"),
  "a volume's unknown type": volume(CAPACITY, " type='x'"),
  "encryption without format": target("<encryption/>"),
  "encryption of an unknown format": target("<encryption format='x'/>"),
  "encryption by an unknown engine": target("<encryption format='luks' engine='x'/>"),
  "a secret without type": target("<encryption format='luks'><secret usage='s'/></encryption>"),
  "a secret of an unknown type": target("<encryption format='luks'><secret type='x' usage='s'/></encryption>"),
  "a cipher without name": target("<encryption format='luks'><cipher size='1'/></encryption>"),
  "a cipher without size": target("<encryption format='luks'><cipher name='a'/></encryption>"),
  "an ivgen without cipher": target("<encryption format='luks'><ivgen name='a'/></encryption>"),
  "an ivgen without name": target("<encryption format='luks'><cipher name='a' size='1'/><ivgen/></encryption>"),
  "a cipher that is not looked at": target("<encryption format='qcow'><cipher/></encryption>"),
};

for (const [what, xml] of Object.entries(VOLUMES)) {
  compare(title(`virsh agrees: ${what}`), (t) => {
    const theirs = askVirsh(
      "test:///default",
      xml,
      (file) => `vol-create default-pool ${file}; vol-dumpxml v default-pool`,
    );
    const ours = answer(() => {
      // the test driver makes a path and a key for every volume
      const path = "/default-pool/v";
      const parsed = parseStorageVolume(xml, { type: "dir" });
      return formatStorageVolume({ ...parsed, key: path, target: { ...parsed.target, path } });
    });
    t.deepEqual(ours, theirs);
  });
}
