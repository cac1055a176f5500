"""The conversation with the controller over two file descriptors: greets, gives facts, carries out graphs."""
from __future__ import annotations

import base64
import hashlib
import os
import select
import signal
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from . import journal, limit, lock, owing, planned, protocol, sealing
from .errors import HoldfastError, Interrupted
from .graph import APPLY, PLAN, Event, nodes_from_wire
from .runner import DEPARTS, Runner
from .values import Blob

TOGETHER_S = 0.1  # events of so many seconds go in one frame
SIGN_S = 15.0  # how often a runner that is at work and has nothing to tell shows that it is not frozen
SILENT_S = 60.0  # a controller that takes or gives nothing for so long is gone, whatever the connection says
AT_ONCE = 4096  # bytes; a pipe that is ready takes so many without waiting
TOO_LARGE = "what it changed and put out is too large to be told"
BLOBS_LIMIT = 512 * 1024 * 1024  # bytes of content held at a time


class Server:
    """One conversation. A thread reads, so that `cancel` is heard while a resource is in hand; the main one works."""

    def __init__(self, reading: int, writing: int, folder: str) -> None:
        self._reading, self._writing, self._folder = reading, writing, folder
        self._talk = protocol.Connection(protocol.RUNNER)
        self._lock = threading.RLock()  # the protocol's state, the events that wait, and the descriptor to write to
        self._came = threading.Condition(self._lock)
        self._inbox: List[protocol.Message] = []
        self._parts: Dict[str, List[bytes]] = {}
        self._wanted: Dict[str, bool] = {}
        self._events: List[Event] = []
        self._first_event = 0.0
        self._heard = 0.0  # when the controller last said anything
        self._said = 0.0  # when the controller was last told anything
        self._held = lock.Lock(folder)
        self._is_stopping, self._is_over, self._in_hand = False, False, False
        self._is_gone = False  # nobody takes what is written
        self._seal = b""  # opens what was kept of the run that is being undone

    def serve(self) -> None:
        """Until the controller says goodbye or goes away."""
        limit.interrupt_on(signal.SIGUSR1)
        threading.Thread(target=self._read, daemon=True).start()
        handlers: Mapping[str, Callable[[protocol.Message], None]] = {
            "hello": self._hello, "facts": self._facts, "graph": self._graph, "done": self._done,
            "undo": self._undo, "confirm": self._confirm}
        while True:
            message = self._next()
            if message is None or message["kind"] == "bye":
                return
            handler = handlers.get(message["kind"])
            if handler is not None:
                self._handle(handler, message)
            elif message["kind"] not in protocol.MESSAGES:
                self._send({"kind": "unsupported", "what": message["kind"]})

    def _handle(self, handler: Callable[[protocol.Message], None], message: protocol.Message) -> None:
        """What the host does not let us do, outside of any resource, is said and ends the conversation."""
        try:
            handler(message)
        except protocol.LocalProtocolError as error:
            self._refuse("Protocol", str(error))
        except (HoldfastError, OSError) as error:
            self._refuse(type(error).__name__, str(error))

    # -- the reading thread ------------------------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            while not self._is_over:
                ready, _, _ = select.select([self._reading], [], [], TOGETHER_S)
                if not ready:
                    self._flush_if_old()
                    self._give_a_sign()
                    continue
                data = os.read(self._reading, 1 << 16)
                with self._lock:
                    if not data:
                        break
                    self._heard = time.monotonic()
                    self._talk.receive(data)
                    for message in self._talk.messages():
                        self._take(message)
                self._flush_if_old()
        except (protocol.RemoteProtocolError, OSError) as error:
            self._refuse("Protocol", str(error))
        with self._lock:
            self._is_over = self._is_stopping = True  # nobody listens: the resource in hand is finished, no more
            self._came.notify_all()

    def _take(self, message: protocol.Message) -> None:
        if message["kind"] == "blob":
            self._take_blob(message)
        elif message["kind"] == "cancel":
            self._is_stopping = True
            if message.get("now") and self._in_hand:
                os.kill(os.getpid(), signal.SIGUSR1)
        else:
            self._inbox.append(message)
        self._came.notify_all()

    def _take_blob(self, message: protocol.Message) -> None:
        name = message["sha256"]
        if name not in self._wanted:
            raise protocol.RemoteProtocolError("a blob that nobody asked for")
        parts = self._parts.setdefault(name, [])
        try:
            parts.append(base64.b64decode(message["data"], validate=True))
        except ValueError:
            raise protocol.RemoteProtocolError("a blob is not base64") from None
        if sum(len(part) for part in parts) + Blob.held_bytes() > BLOBS_LIMIT:
            raise protocol.RemoteProtocolError("blobs of more than %d bytes" % BLOBS_LIMIT)
        if message["last"]:
            data = b"".join(self._parts.pop(name))
            if hashlib.sha256(data).hexdigest() != name:
                raise protocol.RemoteProtocolError("a blob is not what its name says")
            Blob.hold(name, data)
            del self._wanted[name]

    # -- the main thread ---------------------------------------------------------------------------------------------

    def _next(self) -> Optional[protocol.Message]:
        with self._lock:
            while not self._inbox and not self._is_over:
                self._came.wait()
            return self._inbox.pop(0) if self._inbox else None

    def _hello(self, message: protocol.Message) -> None:
        if message["major"] != protocol.MAJOR:
            self._refuse("Version", "this runner speaks version %d, not %d" % (protocol.MAJOR, message["major"]))
            return
        running = (lock.holder(self._folder) or {}).get("run", "")
        self._send({"kind": "hello", "major": protocol.MAJOR, "minor": protocol.MINOR,
                    "python": "%d.%d.%d" % sys.version_info[:3], "host": os.uname().nodename, "user": str(os.geteuid()),
                    "boot": _boot(), "unfinished": journal.uncollected(self._folder, running), "owed": self._owed()})

    def _owed(self) -> List[Sequence[str]]:
        ledger = journal.Ledger(self._folder)
        return [[id, owing.when(owed.since), owed.why()]
                for id, owed in sorted(ledger.owed.items())]

    def _facts(self, _: protocol.Message) -> None:
        from . import facts  # only when somebody asks

        self._send({"kind": "facts", "facts": facts.gather()})

    def _done(self, message: protocol.Message) -> None:
        journal.forget(self._folder, message["run"])

    def _undo(self, message: protocol.Message) -> None:
        """Tells the graph that leads back to what was before a run."""
        from . import undoing

        try:
            self._seal = sealing.key_of(message.get("seal", ""))
        except ValueError as error:
            self._refuse("Protocol", str(error))
            return
        found = undoing.way_back(self._folder, self._seal, message["run"], message.get("only", ()))
        nodes, left = found or ([], [])
        self._send({"kind": "undo", "run": message["run"], "is_known": found is not None, "left": left,
                    "nodes": [node.to_wire() for node in nodes]})

    def _confirm(self, message: protocol.Message) -> None:
        from . import confirming

        self._send({"kind": "confirm", "run": message["run"],
                    "is_taken": confirming.confirm(self._folder, message["run"])})

    def _graph(self, message: protocol.Message) -> None:
        run, mode = message["run"], message["mode"]
        try:
            nodes = nodes_from_wire(message["nodes"])
            held = planned.held_from_wire(message.get("key", ""), message.get("planned", ()), len(nodes))
            earlier = {int(number): given for number, given in message.get("earlier", {}).items()}
            journal.journal_path(self._folder, run)
            if mode not in (PLAN, APPLY):
                raise ValueError("mode is plan or apply")
            key = sealing.key_of(message.get("seal", "")) if mode == APPLY else b""
        except ValueError as error:
            self._refuse("Protocol", str(error))
            return
        if mode == APPLY:
            try:
                self._held.take(run, message.get("who", "?"))
            except lock.Held as other:
                self._refuse("Held", str(other))
                return
        book = journal.Journal(self._folder, run, message.get("who", "?"), nodes, key)
        runner = Runner(nodes, mode, message.get("secrets", {}), self, journal.Ledger(self._folder), book, run,
                        held, earlier)
        self._in_hand = True
        paid: Sequence[owing.Paid] = ()
        try:
            status = runner.go()
            if mode == APPLY and status not in (planned.REFUSED, DEPARTS) and not self._is_stopping:
                paid = owing.pay(journal.Ledger(self._folder), {node.id for node in nodes})
        except Interrupted:
            status = "interrupted"
        finally:
            self._in_hand = False
        confirm_s = message.get("confirm_s", 0.0) if mode == APPLY and book.has_begun and status != DEPARTS else 0.0
        if confirm_s:
            from . import confirming

            confirming.await_confirmation(self._folder, run)
        elif mode == APPLY:
            book.end(status)
            self._held.release()
        with self._lock:
            self._flush()
            self._send({"kind": "result", "run": run, "status": status, "owed": self._owed(), "paid": paid,
                        "awaits": bool(confirm_s), **_until_back(runner)})
        if confirm_s:
            self._unless_confirmed(run, confirm_s, book, status)

    def _unless_confirmed(self, run: str, seconds: float, book: journal.Journal, status: str) -> None:
        """Waits for the controller's word over another connection; without it the change is taken back."""
        from . import confirming, undoing

        if not confirming.is_confirmed(self._folder, run, seconds):
            nodes, left = undoing.way_back(self._folder, book.key, run) or ([], [])
            book.would_end(confirming.PARTLY)
            ended = Runner(nodes, APPLY, {}, _Silent(self._folder, book.key), journal.Ledger(self._folder),
                           confirming.Unwritten(self._folder, run, "holdfast", nodes, book.key), run).go()
            status = confirming.TAKEN_BACK if ended in ("ok", "changed") and not left else confirming.PARTLY
        book.end(status)
        self._held.release()

    # -- the runner's port -------------------------------------------------------------------------------------------

    def event(self, event: Event) -> None:
        with self._lock:
            if not self._events:
                self._first_event = time.monotonic()
            self._events.append(event)
            if len(self._events) >= 1000:
                self._flush()

    def output(self, node: int, stream: str, text: str) -> None:
        with limit.shielded(), self._lock:
            self._flush()
            self._send({"kind": "output", "node": node, "stream": stream, "text": text})

    def fetch(self, blobs: Sequence[str]) -> None:
        with self._lock:
            missing = [name for name in blobs if not _is_here(self._folder, self._seal, name)]
            if not missing:
                return
            with limit.shielded():
                self._flush()
            self._wanted.update(dict.fromkeys(missing, True))
            self._send({"kind": "need", "blobs": missing})
            self._heard = time.monotonic()
            while self._wanted and not self._is_over:
                self._came.wait(TOGETHER_S)
                if time.monotonic() - self._heard > SILENT_S:
                    self._is_over = self._is_stopping = True
        if self._wanted:
            raise Interrupted("the controller went away before the contents of files had come")

    def stopping(self) -> bool:
        return self._is_stopping

    # -- writing -----------------------------------------------------------------------------------------------------

    def _flush_if_old(self) -> None:
        with self._lock:
            if self._events and time.monotonic() - self._first_event >= TOGETHER_S:
                self._flush()

    def _give_a_sign(self) -> None:
        """An empty message, as a connection says nothing of the runner at its end."""
        with self._lock:
            if self._talk.state == "running" and time.monotonic() - self._said >= SIGN_S:
                self._send({"kind": "event", "events": []})

    def _flush(self) -> None:
        if self._events:
            events, self._events = self._events, []
            self._send_events(events)

    def _send_events(self, events: Sequence[Event]) -> None:
        """In as many frames as it takes."""
        try:
            self._send({"kind": "event", "events": [event.to_wire() for event in events]})
        except protocol.LocalProtocolError:
            if len(events) > 1:
                half = len(events) // 2
                self._send_events(events[:half])
                self._send_events(events[half:])
            else:
                self._send_events([_shortened(events[0])])

    def _send(self, message: Mapping[str, Any]) -> None:
        """A frame is never left half written but to a controller that is gone; the journal keeps what happens then."""
        with limit.shielded(), self._lock:
            data = memoryview(self._talk.send(message))
            self._said = time.monotonic()
            try:
                while data and not self._is_gone:
                    _, is_ready, _ = select.select([], [self._writing], [], SILENT_S)
                    if not is_ready:
                        raise TimeoutError
                    data = data[os.write(self._writing, data[:AT_ONCE]):]
            except OSError:
                self._is_gone = self._is_over = self._is_stopping = True

    def _refuse(self, error: str, message: str) -> None:
        with self._lock:
            if ("runner", "refused") in protocol.MOVES[self._talk.state]:
                self._send({"kind": "refused", "error": error, "message": message})
            self._is_over = self._is_stopping = True
            self._came.notify_all()


def _boot() -> str:
    """The kernel's name for the time since the host was switched on; "": it does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def _until_back(runner: Runner) -> Mapping[str, float]:
    return {} if runner.departing is None else {"back_s": runner.departing.back_s()}


def _shortened(event: Event) -> Event:
    """An event that fits into a frame, whatever its resource was."""
    words = {name: getattr(event, name)[:journal.TEXT_CHARS] for name in journal.WORDS}
    words["message"] += ("; " if words["message"] else "") + TOO_LARGE
    return Event(event.node, event.status, took_ms=event.took_ms, fingerprint=event.fingerprint, **words)


class _Silent:
    """Stands where the controller was: a change is taken back while nobody listens."""

    def __init__(self, folder: str, seal: bytes) -> None:
        self._folder, self._seal = folder, seal

    def event(self, event: Event) -> None:
        """The journal has it."""

    def output(self, node: int, stream: str, text: str) -> None:
        """Nobody wants it."""

    def fetch(self, blobs: Sequence[str]) -> None:
        for name in blobs:
            if not _is_here(self._folder, self._seal, name):
                raise Interrupted("a content that was kept is not there any more")

    def stopping(self) -> bool:
        return False


def _is_here(folder: str, seal: bytes, name: str) -> bool:
    """Whether a content has come, or was kept to undo the run that this seal is of."""
    if not Blob.is_held(name):
        from . import undoing

        data = undoing.content(folder, seal, name) if seal else None
        if data is None:
            return False
        Blob.hold(name, data)
    return True
