"""One client: its socket, the lines it sends, the bytes it has not taken.

Sockets are read and written here and not through transports: the daemon must see how
much a client takes (`Outbox`), leave clients in the backlog when descriptors run out
(libuv accepts and drops them), and write a block to a hundred clients with nothing
between the loop and the system call. It is the same on uvloop and on asyncio.

    open ---> finishing (last words queued, input ignored) ---> closed

Never: know what a frame means, start a task, wait.
"""

from __future__ import annotations

import select
import socket
from collections import deque
from contextlib import suppress

from paso.errors import TooManyErrors, WireError
from paso.events.wire import Frame, LineSplitter, encode
from paso_daemon.outbox import Outbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paso_daemon.desk import Desk
    from paso_daemon.hub import Batch

READ_SIZE = 64 * 1024
READ_SIZE_HELD = 16 * 1024
"""One piece of a producer while others are behind."""

ANSWERS_MAX = 256 * 1024
"""Bytes of answers queued beyond the limit before a client's questions wait."""

LISTS_MAX = 8
"""Snapshots that wait for one client before its questions wait."""

MAX_ERRORS, ERRORS_WITHIN_S = 100, 10.0

READS_AWAY = 16
"""The kernel holds no more of a client's input than so many pieces."""

LINGER_S = 1.0
"""A closed socket with unread input would take our last words from the client."""


class Connection:
    """A client that the kernel vouched for.

    Arguments:
        pid: of its process, by the kernel.

    `asked` counts its requests that are under way.
    """

    __slots__ = (
        "_desk",
        "_ended",
        "_errors",
        "_fd",
        "_finishing",
        "_reading",
        "_sock",
        "_splitter",
        "_unread",
        "_write",
        "asked",
        "client",
        "closed",
        "connected_at",
        "last_in",
        "origin",
        "outbox",
        "pid",
        "pings",
        "produces",
    )

    def __init__(self, desk: Desk, sock: socket.socket, pid: int) -> None:
        self._desk = desk
        self._sock = sock
        self._write = sock.send
        self._fd = sock.fileno()
        self._splitter = LineSplitter(desk.settings.max_frame)
        self._unread: list[bytes] = []
        self._errors: deque[float] | None = None
        self._finishing = self._ended = False
        self._reading = True
        self.asked = 0
        self.closed = False
        self.client = "anonymous"
        self.pid: int | None = pid
        self.origin = b""
        self.outbox: Outbox | None = None
        self.produces = False
        self.pings = 0
        self.connected_at = self.last_in = desk.loop.time()
        desk.loop.add_reader(self._fd, self._on_readable)

    # What the client says -----------------------------------------------------

    def _on_readable(self) -> None:
        desk = self._desk
        if self.produces and desk.pressure.holding:
            self.hold()
            return
        size = READ_SIZE_HELD if desk.pressure.behind else READ_SIZE
        try:
            data = self._sock.recv(size)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if self._finishing:
            self._ignore(data)
            return
        if not data:
            self._end_of_input()
            return
        self.last_in = desk.loop.time()
        self.pings = 0
        self._receive(self._splitter.feed(data))
        desk.flush_first(self.last_in)

    def _receive(self, lines: list[bytes]) -> None:
        receive = self._desk.receive
        for index, line in enumerate(lines):
            receive(self, line)
            if self._finishing:
                return
            if self.outbox is not None and self._is_overfull(self.outbox):
                self._unread = lines[index + 1 :]
                self.hold()
                return
        if self._splitter.failed is not None:
            self.refuse(self._splitter.failed)

    def _is_overfull(self, outbox: Outbox) -> bool:
        most = self._desk.settings.send_buffer + ANSWERS_MAX
        return outbox.size > most or outbox.lists > LISTS_MAX

    def _end_of_input(self) -> None:
        """The client closed, or says no more and waits for its answers."""
        self._desk.flush()
        self._ended = True
        self.hold()
        self._leave_if_answered()

    def _leave_if_answered(self) -> None:
        if self.asked and not self._is_gone():
            return
        if self.outbox is None:
            self.close()
        else:
            self.finish()

    def _is_gone(self) -> bool:
        """True when the client closed both ways: no answer will be read."""
        look = select.poll()
        look.register(self._fd, 0)
        return bool(look.poll(0))

    def _ignore(self, data: bytes) -> None:
        if not data and self.outbox is None:
            self.close()
        elif not data:
            self.hold()

    def hold(self) -> None:
        """Stop reading: the client waits in its own send buffer."""
        if self._reading:
            self._reading = False
            self._desk.loop.remove_reader(self._fd)

    def go_on(self) -> None:
        """Read again, first the lines that were left."""
        if self._reading or self._finishing or self._ended:
            return
        if self.outbox is not None and self._is_overfull(self.outbox):
            return
        self._reading = True
        self._desk.loop.add_reader(self._fd, self._on_readable)
        lines, self._unread = self._unread, []
        self._receive(lines)

    # What the client is told --------------------------------------------------

    @staticmethod
    def broadcast(members: tuple[Connection, ...], batch: Batch) -> int:
        """Send events to all `members`; return to how many they were not withheld.

        The one loop that everything is made for: nothing stands between a client
        that has taken all so far and the system call.
        """
        data, size, delivered = batch.data, len(batch.data), len(members)
        for member in members:
            if member.outbox is None:
                try:
                    write = member._write
                    sent = write(data)
                except BlockingIOError:
                    sent = 0
                except OSError:
                    member._break()
                    continue
                if sent != size:
                    member._queue(memoryview(data)[sent:])
            elif not member._offer(member.outbox, batch):
                delivered -= 1
        return delivered

    def _offer(self, outbox: Outbox, batch: Batch) -> bool:
        before = outbox.missed
        queued = outbox.offer(batch)
        self._desk.pressure.note(outbox)
        if before is not outbox.missed:
            self._desk.fell_behind(self)
        return queued

    def _break(self) -> None:
        """The client is gone; close when this turn is over."""
        self._desk.loop.call_soon(self.close)

    def say(self, frame: Frame) -> None:
        """Send a frame, after all that is queued."""
        self._send(encode(frame))

    def show(self, frames: Iterator[bytes]) -> None:
        """Send frames that are made as the client takes them."""
        for data in frames:
            self._send(data)
            if self.outbox is not None:
                self.outbox.put_list(frames)
                return

    def answer(self, line: bytes) -> None:
        """Send the answer to what was asked a while ago; nothing to who left."""
        self.asked -= 1
        if self.closed or self._finishing:
            return
        self._send(line)
        if self._ended:
            self._leave_if_answered()

    def refuse(self, error: WireError) -> None:
        """Tell the client its mistake; a fatal one ends the connection."""
        if not error.fatal and self._is_last_error():
            error = TooManyErrors(f"{MAX_ERRORS} errors in {ERRORS_WITHIN_S:g} s")
        frame = {
            "type": "error",
            "code": error.code,
            "message": error.message,
            "fatal": error.fatal,
        }
        if error.fatal:
            self.finish(frame)
        else:
            self.say(frame)

    def _is_last_error(self) -> bool:
        if self._errors is None:
            self._errors = deque(maxlen=MAX_ERRORS)
        now = self._desk.loop.time()
        self._errors.append(now)
        full = len(self._errors) == MAX_ERRORS
        return full and now - self._errors[0] <= ERRORS_WITHIN_S

    def _send(self, data: bytes) -> None:
        if self.outbox is not None:
            self.outbox.put(memoryview(data))
            return
        try:
            sent = self._write(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._break()
            return
        if sent != len(data):
            self._queue(memoryview(data)[sent:])

    def _queue(self, rest: memoryview) -> None:
        desk = self._desk
        self.outbox = Outbox(desk.settings.send_buffer, desk.loop.time())
        self.outbox.put(rest)
        desk.pressure.note(self.outbox)
        desk.loop.add_writer(self._fd, self._on_writable)

    def _on_writable(self) -> None:
        outbox = self.outbox
        assert outbox is not None
        try:
            sent = self._sock.sendmsg(outbox.pieces())
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        outbox.took(sent, self._desk.loop.time())
        self._desk.pressure.note(outbox)
        if self._desk.pressure.holding:
            self._desk.eased()
        if outbox.size == 0:
            self._all_taken(outbox)

    def _all_taken(self, outbox: Outbox) -> None:
        if outbox.missed is not None and not self._finishing:
            self._desk.recovered(self, outbox.missed)
            return
        self._drop_outbox()
        if self._finishing:
            self._end_sending()
        elif not self._desk.pressure.holding or self._unread:
            self.go_on()

    def open_again(self) -> None:
        """Queue no more: what was withheld is told next."""
        self._drop_outbox()
        self.go_on()

    def _drop_outbox(self) -> None:
        if self.outbox is not None:
            self._desk.loop.remove_writer(self._fd)
            self._desk.pressure.forget(self.outbox)
            self.outbox = None

    # The end ------------------------------------------------------------------

    def finish(self, frame: Frame | None = None) -> None:
        """Send what is queued, then `frame`, then the end of the stream."""
        if self._finishing or self.closed:
            return
        self._finishing = True
        self._desk.forget(self)
        if frame is not None:
            self._send(encode(frame))
        if self.outbox is None:
            self._end_sending()
        else:
            self._desk.loop.call_later(self._desk.settings.slow_s, self.close)

    def dismiss(self, frame: Frame) -> None:
        """Close a client that takes nothing: the frame under way, `frame`, the end.

        Its socket buffer is full; a larger one gives room for the last words.
        """
        if self.outbox is not None:
            words = self.outbox.rest_of_frame() + encode(frame)
            size = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
            with suppress(OSError):
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
                self._sock.send(words)
        self.close()

    def _end_sending(self) -> None:
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
        if self._reading and not self._desk.leaving:
            self._desk.loop.call_later(LINGER_S, self.close)
            return
        self._read_away()
        self.close()

    def _read_away(self) -> None:
        """Nobody waits for a daemon that stops: ignore what is there, no more."""
        with suppress(OSError):
            for _ in range(READS_AWAY):
                if not self._sock.recv(READ_SIZE):
                    return

    def close(self) -> None:
        """Close now, whatever is queued."""
        if self.closed:
            return
        self._finishing = self.closed = True
        self._drop_outbox()
        self.hold()
        self._sock.close()
        self._desk.forget(self)
