"""Documents that the tables and scenarios define."""

#: UUIDs of what test:///default begins with: they are not made up.
BEGINNING = "6695eb01-f6a4-8304-79aa-97f2502e193f dd8fe884-6c02-601e-7551-cca97df1c5df dfe224cb-28fb-8dd0-c4b2-64eb3f0f4566 11111111-2222-3333-4444-555555555555"
NOBODY = "00000000-0000-4000-8000-000000000000"

DOMAIN = """<domain type='test'>
  <name>blue</name>
  <uuid>33333333-0000-4000-8000-000000000001</uuid>
  <memory>65536</memory>
  <vcpu current='1'>2</vcpu>
  <iothreads>1</iothreads>
  <os><type>hvm</type></os>
  <devices>
    <disk type='file' device='disk'><source file='/images/blue'/><target dev='sda' bus='sata'/></disk>
    <interface type='user'><mac address='52:54:00:00:00:09'/></interface>
  </devices>
</domain>"""
DOMAIN_OTHER_UUID = DOMAIN.replace("000000000001</uuid>", "000000000002</uuid>")
DOMAIN_OTHER_NAME = DOMAIN.replace("blue</name>", "green</name>")
SNAPSHOT = "<domainsnapshot><name>one</name><description>the first</description></domainsnapshot>"
CHECKPOINT = "<domaincheckpoint><name>one</name><disks><disk name='vda' checkpoint='bitmap'/></disks></domaincheckpoint>"

NETWORK = """<network>
  <name>red</name>
  <uuid>44444444-0000-4000-8000-000000000001</uuid>
  <bridge name='virbr7' stp='off' delay='3'/>
  <mac address='52:54:00:11:22:33'/>
  <ip address='10.7.0.1' prefix='24'><dhcp><range start='10.7.0.10' end='10.7.0.20'/></dhcp></ip>
</network>"""
NETWORK_OTHER_UUID = NETWORK.replace("000000000001</uuid>", "000000000002</uuid>")
NETWORK_OTHER_NAME = NETWORK.replace("red</name>", "yellow</name>")
DHCP_HOST = "<host mac='52:54:00:00:00:01' name='one' ip='192.168.122.11'/>"

INTERFACE = """<interface type='ethernet' name='eth7'>
  <start mode='none'/>
  <mac address='00:16:3e:11:22:33'/>
</interface>"""

POOL = """<pool type='dir'>
  <name>images</name>
  <uuid>55555555-0000-4000-8000-000000000001</uuid>
  <target><path>/images</path></target>
</pool>"""
POOL_OTHER_UUID = POOL.replace("000000000001</uuid>", "000000000002</uuid>")
POOL_OTHER_NAME = POOL.replace("images</name>", "pictures</name>")
VOLUME = "<volume><name>one</name><capacity unit='GiB'>2</capacity><target><format type='qcow2'/></target></volume>"
VOLUME_COPY = VOLUME.replace("one</name>", "two</name>")

DEVICE = """<device>
  <parent>scsi_host1</parent>
  <capability type='scsi_host'>
    <capability type='fc_host'><wwnn>2000000000000001</wwnn><wwpn>1000000000000001</wwpn></capability>
  </capability>
</device>"""

CPU = "<cpu><arch>x86_64</arch><model>Nehalem</model><feature name='vmx'/></cpu>"
CPU_OTHER = "<cpu><arch>x86_64</arch><model>Westmere</model></cpu>"

KNOWN = BEGINNING + NOBODY + "".join(text for name, text in sorted(globals().items()) if name.isupper() and isinstance(text, str))
