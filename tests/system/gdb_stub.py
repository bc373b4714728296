# SPDX-License-Identifier: BSD-2-Clause
"""QEMU's gdbstub, as far as a test wants it that makes a program fail where it chooses: breakpoints,
registers and memory. "GDB Remote Serial Protocol" in the manual of GDB."""
import socket
import struct

GENERAL = 16  # rax rbx rcx rdx rsi rdi rbp rsp r8..r15, then rip
RSP, RIP = 7, 16


def options(path):
    """QEMU's arguments for a stub that listens there."""
    return ["-chardev", f"socket,id=gdb,path={path},server=on,wait=off", "-gdb", "chardev:gdb"]


class GdbStub:
    """The machine stands still from here on, until go_on()."""

    def __init__(self, path, timeout=60):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(timeout)
        self.connection.connect(str(path))
        self.unread = b""
        # That it has stopped it may have told by now, or not.
        self.write("qAttached")
        while self.read() != "1":
            pass

    def close(self):
        """The machine goes on, as if nobody had been there."""
        self.ask("D")
        self.connection.close()

    def byte(self):
        if not self.unread:
            self.unread = self.connection.recv(65536)
            assert self.unread, "QEMU has closed its gdbstub"
        first, self.unread = self.unread[:1], self.unread[1:]
        return first

    def write(self, text):
        data = text.encode("ascii")
        self.connection.sendall(b"$" + data + b"#%02x" % (sum(data) & 0xff))

    def read(self):
        while self.byte() != b"$":
            pass
        data = b""
        while (byte := self.byte()) != b"#":
            data += byte
        assert int(self.byte() + self.byte(), 16) == sum(data) & 0xff, data
        self.connection.sendall(b"+")
        return data.decode("ascii")

    def ask(self, text):
        self.write(text)
        answer = self.read()
        assert not answer.startswith("E"), (text, answer)
        return answer

    def set_breakpoint(self, address):
        assert self.ask(f"Z0,{address:x},1") == "OK"

    def clear_breakpoint(self, address):
        assert self.ask(f"z0,{address:x},1") == "OK"

    def go_on(self):
        self.write("c")

    def wait_stop(self):
        """After go_on(): until a CPU has met a breakpoint. Its registers and memory are what is read then."""
        answer = self.read()
        assert answer.startswith("T05thread:"), answer
        self.ask("Hg" + answer[len("T05thread:"):].split(";")[0])

    def step(self):
        """One instruction of the CPU that stopped."""
        self.write("s")
        self.wait_stop()

    def registers(self):
        return struct.unpack(f"<{GENERAL + 1}Q", bytes.fromhex(self.ask("g"))[:8 * (GENERAL + 1)])

    def read_words(self, address, count):
        return struct.unpack(f"<{count}Q", bytes.fromhex(self.ask(f"m{address:x},{8 * count:x}")))

    def write_word(self, address, value):
        assert self.ask(f"M{address:x},8:{struct.pack('<Q', value).hex()}") == "OK"
