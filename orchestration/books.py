"""Dagster's books (runs, events, schedules): its own SQLite storage, with the connections of the event log kept open.

Dagster's class makes an engine, compiles its statements, opens and closes the file for each of a run's 1,300 events: a third of
the run of a small city. Places, tables and migrations stay Dagster's; the instance file names this class.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

# one file per run and the index over all: who looks at many runs (Dagster's pages) does not hold them all open
_KEPT = 4


def _connected(connection, record) -> None:
    # in WAL mode nothing is lost by a killed process; a power cut may lose the last events, never the file
    connection.execute("PRAGMA synchronous = NORMAL")


class EventLog(SqliteEventLogStorage):
    """The event log, its connections kept."""

    def __init__(self, base_dir: str):
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir)

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=QueuePool,
                pool_size=1,
                max_overflow=0,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _connected)
            self._engines[shard] = engine
            while len(self._engines) > _KEPT:
                self._engines.popitem(last=False)[1].dispose()
        self._engines.move_to_end(shard)
        return self._engines[shard]

    def _make(self, shard: str) -> None:
        # Dagster looks at the file over a second connection while it makes it
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=NullPool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
        )
        self._initdb(engine)
        self._initialized_dbs.add(shard)

    def _forget(self, shard: str) -> None:
        """Somebody wiped the file: what was known of it is void."""
        self._engines.pop(shard).dispose()
        self._initialized_dbs.discard(shard)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard in self._engines and not Path(self.path_for_shard(shard)).exists():
                self._forget(shard)
            if shard not in self._initialized_dbs:
                self._make(shard)
            with self._engine(shard).begin() as connection:
                yield connection

    def dispose(self) -> None:
        """Close what is open; a later call opens it again."""
        super().dispose()
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()


class Books(DagsterSqliteStorage):
    """What ``dagster.yaml`` names as storage."""

    def __init__(self, base_dir, inst_data=None):
        super().__init__(base_dir, inst_data=inst_data)
        self._event_log_storage = EventLog(str(Path(base_dir) / "history" / "runs"))

    @classmethod
    def from_config_value(cls, inst_data, config_value) -> Books:
        """How Dagster makes it."""
        return cls.from_local(inst_data=inst_data, **config_value)
