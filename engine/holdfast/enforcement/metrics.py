"""How hosts stand, for Prometheus: as a file for the textfile collector, or over HTTP on the loopback interface."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import start_http_server
from prometheus_client.registry import Collector

from holdfast.documents.association import Association
from holdfast.enforcement.current import current
from holdfast.problems import Problem, Problems
from holdfast.store import Store, enforced
from holdfast.store.model import STANDINGS

LOOPBACK = "127.0.0.1"


class Metrics(Collector):
    """Read from the store each time that they are asked for. due: when the next rounds begin. kept: the associations;
    what the store has of others is old."""

    def __init__(self, store: Store, due: Callable[[], Mapping[str, float]],
                 kept: Callable[[], Mapping[str, Association]], now: Callable[[], float]) -> None:
        self._store, self._due, self._kept, self._now = store, due, kept, now
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked of the store to register."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """All families."""
        yield from self._hosts()
        yield from self._drift()
        due = GaugeMetricFamily("holdfast_round_due_seconds", "When the next round begins.", labels=["association"])
        for name, moment in self._due().items():
            due.add_metric([name], moment)
        yield due

    def _hosts(self) -> Iterable[Metric]:
        status = GaugeMetricFamily("holdfast_host_status", "How a host stands to an association: 1 for that status.",
                                   labels=["association", "host", "status"])
        asked = GaugeMetricFamily("holdfast_host_asked_seconds", "When a host was asked last, or was tried to.",
                                  labels=["association", "host"])
        good = GaugeMetricFamily("holdfast_host_good_seconds", "When a host was seen to be as declared.",
                                 labels=["association", "host"])
        for stands in current(self._store.ask(enforced.standings), self._kept(), self._now()):
            one = stands.standing
            for name in STANDINGS:
                status.add_metric([one.association, one.host, name], float(one.status == name))
            asked.add_metric([one.association, one.host], one.asked)
            if one.good is not None:
                good.add_metric([one.association, one.host], one.good)
        yield from (status, asked, good)

    def _drift(self) -> Iterable[Metric]:
        opened = GaugeMetricFamily("holdfast_drift_open", "Resources that are not as declared.",
                                   labels=["association", "host", "cause"])
        fights = GaugeMetricFamily("holdfast_fights", "Resources that drift again and again, and are left alone.",
                                   labels=["association", "host"])
        episodes = [one for one in self._store.ask(enforced.open_drift) if one.association in self._kept()]
        for (association, host, cause), count in Counter(
                (one.association, one.host, one.cause) for one in episodes).items():
            opened.add_metric([association, host, cause], count)
        for (association, host), count in Counter(
                (one.association, one.host) for one in episodes if one.stopped is not None).items():
            fights.add_metric([association, host], count)
        over, waiting = self._store.ask(enforced.healed_counts), self._store.ask(enforced.waiting_count)
        healed = CounterMetricFamily("holdfast_drift_healed", "Drift that is over.", labels=["association", "cause"])
        for (association, cause), count in over.items():
            healed.add_metric([association, cause], count)
        holds = len(self._store.ask(lambda connection: enforced.active_holds(connection, self._now())))
        yield from (opened, fights, healed)
        yield GaugeMetricFamily("holdfast_holds", "Drift that is accepted for a time.", value=holds)
        yield GaugeMetricFamily("holdfast_deliveries_waiting", "What hooks are still to be told.", value=waiting)


def write(metrics: Metrics, path: str) -> None:
    """As a whole, or not at all. Raises Problems."""
    try:
        write_to_textfile(path, metrics.registry)
    except OSError as error:
        raise Problems([Problem(f"the metrics file {path} cannot be written: {error.strerror}", None,
                                "name a file in a folder that exists and that you may write to")]) from None


def remove(path: str) -> None:
    """Nobody keeps it true any more."""
    Path(path).unlink(missing_ok=True)


def serve(metrics: Metrics, port: int) -> Callable[[], None]:
    """Answers on the loopback interface; what is given back ends that. Raises Problems."""
    try:
        server, thread = start_http_server(port, LOOPBACK, metrics.registry)
    except OSError as error:
        raise Problems([Problem(f"port {port} on {LOOPBACK} cannot be used: {error.strerror}", None,
                                "name another with --metrics-port")]) from None

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end
