# SPDX-License-Identifier: BSD-2-Clause
"""A serial line as a test sees it: a thread reads it all the time, so that a full pipe never slows the
machine and the log is whole; expect() searches what has come and was not yet used up.

What expect() sees has no carriage returns and no terminal escapes; `all` has every character.
"""
import codecs
import re
import threading
import time

PROMPT = "freehold> "
ESCAPE = re.compile(r"\r|\x1b\[[0-9;?]*[A-Za-z]|\x1b[^\[]")
CUT_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*)?\Z")


def whole(lines):
    """The lines as they were before the console broke them at 80 columns: what goes on below is indented by
    four, and its first word would not have fitted above."""
    result, above = [], ""
    for line in lines:
        word = re.match(r" {4}(\S+)", line)
        if word and not above.endswith("\\") and len(above) + 1 + len(word.group(1)) > 80:
            result[-1] += " " + line.strip()
        else:
            result.append(line)
        above = line
    return result


class Gone(AssertionError):
    """The line ended, or the time, before what was expected came."""


class Serial:
    def __init__(self, connection, log_path):
        self.connection = connection
        self.log_path = log_path
        self.unused = ""  # what came and was not consumed by expect()
        self.pieces = []  # of `all`: adding up megabytes a few bytes at a time would take minutes
        self.length = 0  # of `all`
        self.cut = ""  # the begin of an escape whose end has not come yet
        self.ended = False
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    @property
    def all(self):
        """Everything that ever came."""
        with self.changed:
            self.pieces = ["".join(self.pieces)]
            return self.pieces[0]

    def since(self, position):
        """What came after the first `position` characters of `all`, at the cost of that alone."""
        with self.changed:
            begin, first = self.length, len(self.pieces)
            while first and begin > position:
                first -= 1
                begin -= len(self.pieces[first])
            return "".join(self.pieces[first:])[max(position - begin, 0):]

    def _take(self, text):
        self.pieces.append(text)
        self.length += len(text)
        text = self.cut + text
        match = CUT_ESCAPE.search(text)
        self.cut = match.group(0) if match else ""
        self.unused += ESCAPE.sub("", text[:match.start()] if match else text)

    def _read(self):
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        with open(self.log_path, "ab") as log:
            while True:
                try:
                    data = self.connection.recv(65536)
                except OSError:
                    data = b""
                log.write(data)
                log.flush()
                with self.changed:
                    self._take(decoder.decode(data))
                    self.ended = not data
                    self.changed.notify_all()
                if not data:
                    return

    def expect(self, pattern, timeout=60):
        """Waits for a regular expression; consumes through its end; returns the match."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                match = re.search(pattern, self.unused, re.MULTILINE)
                if match:
                    self.unused = self.unused[match.end():]
                    return match
                left = deadline - time.monotonic()
                if self.ended or left <= 0:
                    why = "the line ended" if self.ended else f"{timeout} s passed"
                    raise Gone(f"{why} before {pattern!r}; the last of it:\n{self.unused[-1500:]}")
                self.changed.wait(left)

    def wait_end(self, timeout=60):
        """Waits until the machine closes the line."""
        self.thread.join(timeout)
        if self.thread.is_alive():
            raise Gone(f"{timeout} s passed and the machine still runs:\n{self.unused[-1500:]}")

    def send(self, text):
        self.connection.sendall(text if isinstance(text, bytes) else text.encode())

    def send_slowly(self, text, pause=0.02):
        """For receivers without flow control that are busy: one byte at a time."""
        for byte in text.encode():
            self.send(bytes([byte]))
            time.sleep(pause)

    def send_line(self, text):
        self.send(text + "\r")

    def command(self, text, timeout=60):
        """Gives the console a command at its prompt; returns the lines of the answer.

        The echo is awaited first: a log line may make the console draw its prompt anew meanwhile.
        """
        with self.changed:
            self.unused = ""
        self.send_line(text)
        return self.answer(text, timeout)

    def commands(self, texts, timeout=60):
        """Several, typed ahead, so that no time passes between them that is ours; the answers."""
        with self.changed:
            self.unused = ""
        self.send("".join(text + "\r" for text in texts))
        return [self.answer(text, timeout) for text in texts]

    def answer(self, text, timeout):
        self.expect(re.escape(text) + r"\n", timeout)
        return self.lines_until(r"^" + re.escape(PROMPT), timeout)

    def lines_until(self, pattern, timeout=60):
        """The lines before the one that matches."""
        text = self.expect(r"\A((?:.|\n)*?)(?:" + pattern + ")", timeout).group(1)
        return whole([line.rstrip() for line in text.split("\n") if line.strip()])
