# Moves a disk from guest to guest: as soon as one is told to have lost it, its file is looked at, and the other gets it.
import os
import sys
import threading
import libvirt

uri, image, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
XML = ("<disk type='file'><driver name='qemu' type='raw'/><source file='%s'/>"
       "<target dev='sda' bus='usb'/></disk>" % image)
libvirt.registerErrorHandler(lambda *_: None, None)
libvirt.virEventRegisterDefaultImpl()
loop = threading.Thread(target=lambda: [libvirt.virEventRunDefaultImpl() for _ in iter(int, 1)], daemon=True)
loop.start()
heard = libvirt.open(uri)
called = libvirt.open(uri)
guests = [called.lookupByName(name) for name in ("one", "two")]
before = os.stat(image)
done = threading.Event()
faults = []
moves = 0


def removed(_connection, domain, alias, _opaque):
    global moves
    now = os.stat(image)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        faults.append("the file belongs to %d:%d" % (now.st_uid, now.st_gid))
    moves += 1
    done.set()


heard.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, removed, None)
guests[0].attachDevice(XML)
for turn in range(rounds):
    here, there = guests[turn % 2], guests[(turn + 1) % 2]
    if os.stat(image).st_uid == before.st_uid:
        faults.append("the file does not belong to the guest that has it")
    if turn < 2:
        try:
            there.attachDevice(XML)
            faults.append("two guests have the disk")
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_RESOURCE_BUSY:
                faults.append(str(error))
    done.clear()
    here.detachDeviceAlias("usb-disk0")
    if not done.wait(120):
        faults.append("nobody told that the disk is gone")
    if image in here.XMLDesc():
        faults.append("the guest still has it")
    try:
        there.attachDevice(XML)
    except libvirt.libvirtError as error:
        faults.append("not free: %s" % error)
    if faults:
        break
print("moved %d times" % moves)
for fault in faults:
    print(fault)
