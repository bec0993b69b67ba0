"""descriptors.py URI: gives open files to a daemon and gets some, through libvirt's Python binding.
Prints one line per call, so that two daemons can be compared line by line."""
import json
import os
import socket
import sys
import tempfile
import time

import libvirt
import libvirt_qemu

SKIPAUTH = libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH
WRITABLE = libvirt.VIR_DOMAIN_FD_ASSOCIATE_SECLABEL_WRITABLE
GUEST = """<domain type='qemu'><name>guest</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e1941</uuid>
  <memory>65536</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/><memballoon model='none'/>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/>
      <source file='/no/such/image' fdgroup='opened'/><target dev='vda' bus='virtio'/></disk>
    <graphics type='vnc' passwd='secret'><listen type='none'/></graphics></devices></domain>"""


def show(name, value):
    print(f"{name}: {value}", flush=True)


def call(name, function, *args):
    try:
        value = function(*args)
    except libvirt.libvirtError as error:
        show(name, f"error {error.get_error_code()} {error.get_error_domain()} {error}")
        return None
    show(name, "done" if isinstance(value, int) and value > 2 else value)
    return value


def exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            return f"only {data}"
        data += more
    return data


def handshake(sock):
    """The VNC server's version, the kinds of login that it offers, and where none is needed the name of the screen."""
    sock.settimeout(120)
    version = exactly(sock, 12)
    sock.sendall(b"RFB 003.008\n")
    kinds = list(exactly(sock, exactly(sock, 1)[0]))
    if kinds != [1]:
        return version, kinds
    sock.sendall(b"\x01")
    result = exactly(sock, 4)
    sock.sendall(b"\x01")
    screen = exactly(sock, 24)
    return version, kinds, result, exactly(sock, int.from_bytes(screen[20:], "big"))


def screen_of(flags):
    fd = call(f"a connection to the screen, flags {flags}", dom.openGraphicsFD, 0, flags)
    with socket.socket(fileno=fd) as sock:
        show("which says", handshake(sock))


def give_socket(flags):
    near, far = socket.socketpair()
    with near:
        with far:
            call(f"a connection that the screen gets, flags {flags}", dom.openGraphics, 0, far.fileno(), flags)
        show("which says", handshake(near))


def monitor(name, command, *files):
    text, _ = libvirt_qemu.qemuMonitorCommandWithFiles(dom, json.dumps(command), list(files), 0)
    result = json.loads(text)
    answer = result.get("return", result.get("error"))
    # The file's number among those of the emulator.
    answer.pop("fd", None)
    show(name, answer)


def qemu_io(command):
    text = f'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "{command}"'
    said = libvirt_qemu.qemuMonitorCommand(dom, text, libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP)
    show(command, said.split("\n")[0])


libvirt.registerErrorHandler(lambda *_: None, None)
conn = libvirt.open(sys.argv[1])
image = tempfile.TemporaryFile()
image.truncate(1 << 20)
dom = conn.defineXML(GUEST)
call("start without the file", dom.create)
call("a screen of nobody", dom.openGraphicsFD, 0, 0)
call("no files", dom.FDAssociate, "opened", [], 0)
call("33 files", dom.FDAssociate, "opened", [image.fileno()] * 33, 0)
call("strange flags", dom.FDAssociate, "opened", [image.fileno()], 64)
call("another group", dom.FDAssociate, "other", [image.fileno()] * 32, 0)
call("start with another file", dom.create)
call("the file", dom.FDAssociate, "opened", [image.fileno()], WRITABLE)
call("start with the file", dom.create)
qemu_io("write -P 90 0 512")
show("what the guest's disk has", os.pread(image.fileno(), 513, 0).strip(b"\0") == b"\x5a" * 512)

for each in (0, SKIPAUTH, 0, SKIPAUTH):
    screen_of(each)
    give_socket(each)
call("a screen that is not there", dom.openGraphicsFD, 7, 0)
call("a screen with strange flags", dom.openGraphicsFD, 0, 64)
call("a screen for a file", dom.openGraphics, 0, image.fileno(), 0)
near, far = socket.socketpair()
call("a screen that is not there gets a connection", dom.openGraphics, 7, far.fileno(), 0)
far.close()
show("which ends", near.recv(1))

monitor("a file for the emulator", {"execute": "add-fd", "arguments": {"fdset-id": 77}}, image.fileno())
monitor("no file for the emulator", {"execute": "add-fd", "arguments": {"fdset-id": 77}})
call("two files for the emulator", monitor, "", {"execute": "add-fd"}, image.fileno(), image.fileno())
call("create with files", conn.createXMLWithFiles, GUEST, [image.fileno()], 0)
call("start with files", dom.createWithFiles, [image.fileno()], 0)

call("destroy", dom.destroy)
call("start again", dom.create)
qemu_io("write -P 51 0 512")
show("what the guest's disk has", os.pread(image.fileno(), 513, 0).strip(b"\0") == b"\x33" * 512)
call("destroy", dom.destroy)
conn.close()

conn = libvirt.open(sys.argv[1])
dom = conn.lookupByName("guest")
# A daemon may take a moment to see that the client has left.
for _ in range(600):
    try:
        dom.create()
    except libvirt.libvirtError:
        break
    dom.destroy()
    time.sleep(0.1)
call("start when the client has left", dom.create)
call("undefine", dom.undefine)
