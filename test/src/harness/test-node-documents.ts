const NAMESPACE = "xmlns:test='http://libvirt.org/schemas/domain/test/1.0'";
const uuid = (last: number) => `5ff0e3d0-0000-0000-0000-00000000000${last}`;
const guest = (name: string, last: number, more: string) =>
  `<domain type='test' ${NAMESPACE}><name>${name}</name><uuid>${uuid(last)}</uuid><memory>1024</memory>
    <os><type>hvm</type></os>${more}</domain>`;

/** Files that describe nodes; a name in angle brackets in a script, or `NAME.xml` in another file, is one of them. */
export const NODE_FILES = {
  node: `<node>
  <cpu>
    <mhz>6000</mhz><model>fancy</model><active>50</active>
    <nodes>4</nodes><sockets>4</sockets><cores>4</cores><threads>2</threads>
  </cpu>
  <memory>192000000</memory>
  ${guest("runs", 1, "<vcpu>2</vcpu>")}
  ${guest("off", 2, "<test:runstate>5</test:runstate><test:hasmanagedsave/>")}
  <domain file='paused.xml'/>
  <domain file='kept.xml'/>
  <network><name>net</name><uuid>${uuid(3)}</uuid></network>
  <pool file='pool.xml'/>
  <interface type='ethernet' name='eth7'/>
  <device>
    <name>toy</name>
    <capability type='system'>
      <hardware><uuid>11111111-2222-3333-4444-555555555556</uuid></hardware>
      <firmware/>
    </capability>
  </device>
</node>`,
  paused: guest("paused", 4, "<test:runstate>3</test:runstate><test:transient/>"),
  kept: guest(
    "kept",
    5,
    `<test:runstate>5</test:runstate><test:domainsnapshot><name>one</name><state>shutoff</state>
    <creationTime>1272917631</creationTime>${guest("kept", 5, "").replace(NAMESPACE, "")}<active>1</active>
    </test:domainsnapshot>`,
  ),
  pool: `<pool type='dir'><name>pool</name><uuid>${uuid(6)}</uuid><target><path>/pool</path></target>
    <volume file='volume.xml'/><volume><name>two</name><capacity>2048</capacity><key>key-of-two</key></volume></pool>`,
  volume: "<volume><name>one</name><capacity>1024</capacity></volume>",
  empty: "<node/>",
  locked: "<node><auth><user password='secret'>alice</user></auth></node>",
  noNode: "<foo/>",
  badNodes: "<node><cpu><nodes>x</nodes></cpu></node>",
  badMemory: "<node><memory>much</memory></node>",
  badState: `<node>${guest("a", 1, "<test:runstate>9</test:runstate>")}</node>`,
  badTransient: `<node>${guest("a", 1, "<test:runstate>5</test:runstate><test:transient/>")}</node>`,
  badSaved: `<node>${guest("a", 1, "<test:hasmanagedsave/>")}</node>`,
  badPart: "<node><domain file='noNode.xml'/></node>",
  badUser: "<node><auth><user/></auth></node>",
} as const;

/** virsh's commands on the node of each file. */
export const NODE_SCRIPTS: Readonly<Partial<Record<keyof typeof NODE_FILES, string>>> = {
  node: `
nodeinfo
list --all
list --all --managed-save
dominfo runs
dominfo paused
domstate paused --reason
vcpupin runs
dumpxml off
snapshot-list kept
snapshot-current kept --name
start kept
domid kept
net-list --all
net-dumpxml net
pool-list --all
vol-list pool
vol-key two --pool pool
vol-dumpxml one --pool pool
iface-list --all
nodedev-dumpxml toy
freecell --all
destroy paused
list --all
`,
  empty: `
nodeinfo
list --all
net-list --all
capabilities
freecell
freecell 0
`,
};

/** Files that describe no node. */
export const BAD_NODES = [
  "noNode",
  "badNodes",
  "badMemory",
  "badState",
  "badTransient",
  "badSaved",
  "badPart",
  "badUser",
] as const satisfies readonly (keyof typeof NODE_FILES)[];
