"""stalling-mount.py FOLDER MOUNTPOINT [UID]: mounts copies of a folder's files, as a server that may stop answering.

With a UID it is one to whom root is nobody: the files are that user's alone, stay so, and bear no attributes.

Says "ready" once it is mounted, and does what each line on its standard input says, answering it with the same word:
`stall` takes every request and answers none, as a server does that is lost; whoever waits for one cannot even be killed.
`stall-reads` does so with reads alone. `resume` answers them all. At the end of its input it goes, and with it every request that still waits.
"""
import ctypes
import errno
import os
import select
import struct
import sys

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE = 1, 2, 3, 4, 14, 15, 16, 17, 18
FSYNC, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, ACCESS, INTERRUPT, BATCH_FORGET = 20, 25, 26, 27, 28, 29, 34, 36, 42
UNANSWERED = (FORGET, INTERRUPT, BATCH_FORGET)
ROOT = 1
# Nothing is kept by the kernel, so that every use of a file is a request.
DIRECT_IO = 1
MAX_WRITE = 1 << 17

folder, mountpoint = sys.argv[1:3]
owner = int(sys.argv[3]) if len(sys.argv) > 3 else None
names = sorted(os.listdir(folder))
files = {}
for number, name in enumerate(names, ROOT + 1):
    with open(os.path.join(folder, name), "rb") as file:
        files[number] = bytearray(file.read())

device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
options = "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other" % device
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"stalling", mountpoint.encode(), b"fuse", 0, options.encode()) != 0:
    sys.exit("mount: " + os.strerror(ctypes.get_errno()))


def attributes(node):
    size = 0 if node == ROOT else len(files[node])
    mode = 0o40755 if node == ROOT else 0o100666 if owner is None else 0o100600
    user = owner or 0
    return struct.pack("<6Q10I", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, user, user, 0, 4096, 0)


def answer(opcode, node, user, body):
    """The bytes of an answer, or the number of an error."""
    if owner is not None and user != owner and node != ROOT and opcode in (OPEN, ACCESS):
        return errno.EACCES
    if owner is not None and opcode == SETATTR and struct.unpack_from("<I", body)[0] & 6:
        return errno.EPERM
    if opcode == INIT:
        return struct.pack("<4I2H2I2H2I6I", 7, 31, 0, 0, 16, 12, MAX_WRITE, 1, 0, 0, 0, 0, *[0] * 6)
    if opcode == LOOKUP:
        name = body.rstrip(b"\0").decode()
        if name not in names:
            return errno.ENOENT
        found = names.index(name) + ROOT + 1
        return struct.pack("<4Q2I", found, 0, 0, 0, 0, 0) + attributes(found)
    if opcode == SETATTR:
        valid, size = struct.unpack_from("<I12xQ", body)
        if valid & 8:
            files[node] = files[node][:size].ljust(size, b"\0")
    if opcode in (GETATTR, SETATTR):
        return struct.pack("<Q2I", 0, 0, 0) + attributes(node)
    if opcode in (OPEN, OPENDIR):
        return struct.pack("<Q2I", 0, DIRECT_IO, 0)
    if opcode == READ:
        offset, size = struct.unpack_from("<8xQI", body)
        return bytes(files[node][offset : offset + size])
    if opcode == WRITE:
        offset, size = struct.unpack_from("<8xQI", body)
        files[node][offset : offset + size] = body[40 : 40 + size]
        return struct.pack("<2I", size, 0)
    if opcode == STATFS:
        return struct.pack("<5Q4I24x", 0, 0, 0, 0, 0, 4096, 255, 4096, 0)
    if opcode in (RELEASE, RELEASEDIR, FLUSH, FSYNC, ACCESS, READDIR):
        return b""
    return errno.ENOSYS


def reply(request):
    length, opcode, unique, node, user = struct.unpack_from("<IIQQI", request)
    if opcode in UNANSWERED:
        return
    result = answer(opcode, node, user, request[40:length])
    error, data = (-result, b"") if isinstance(result, int) else (0, result)
    try:
        os.write(device, struct.pack("<IiQ", 16 + len(data), error, unique) + data)
    except FileNotFoundError:
        pass  # Whoever asked does not wait any more.


def say(word):
    print(word, flush=True)


say("ready")
stalled, waiting = (), []
while True:
    readable, _, _ = select.select([device, sys.stdin], [], [])
    if sys.stdin in readable:
        word = sys.stdin.readline().strip()
        if word == "":
            break
        stalled = {"stall": range(100), "stall-reads": (READ,)}.get(word, ())
        if word == "resume":
            for request in waiting:
                reply(request)
            waiting = []
        say(word)
    elif device in readable:
        request = os.read(device, MAX_WRITE + 4096)
        if struct.unpack_from("<4xI", request)[0] in stalled:
            waiting.append(request)
        else:
            reply(request)
