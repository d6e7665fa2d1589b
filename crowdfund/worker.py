"""Celery inside the app: tasks open the app's context; the broker is a courier, never the memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery import Celery, Task
from flask import Flask

from config import Config
from crowdfund import courier, installation

# Messages a worker takes ahead for each of its processes. It looks into a queue of files every POLL seconds and not when one ends:
# with one message for each process no more than that could be told between two looks.
PREFETCH = 8
POLL = 0.05


@dataclass(frozen=True, slots=True)
class Sweep:
    """Work done for each museum again and again."""

    name: str
    every: timedelta
    function: Callable[[int], None]


sweeps: dict[str, Sweep] = {}


def sweeps_every(every: timedelta) -> Callable[[Callable[[int], None]], Callable[[int], None]]:
    """Have `function(institution_id)` run for each museum at this interval."""

    def register(function: Callable[[int], None]) -> Callable[[int], None]:
        name = f"{function.__module__.removeprefix('crowdfund.')}.{function.__name__}"
        sweeps[name] = Sweep(name, every, function)
        return function

    return register


def make_celery(app: Flask, config: Config, hand_over: Callable[[int, int], None]) -> Celery:
    """Make the app's Celery and its two tasks: deliver one fact (by `hand_over`), sweep one museum."""

    class ContextTask(Task):  # type: ignore[misc] # celery has no types
        abstract = True

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                return self.run(*args, **kwargs)

    celery = Celery("crowdfund", task_cls=ContextTask, broker=config.broker_url)
    celery.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=PREFETCH,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_time_limit=120,
        task_soft_time_limit=90,
        worker_redirect_stdouts=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options=_transport(config),
        task_default_queue="facts",
    )

    @celery.task(name="crowdfund.deliver", shared=False)  # type: ignore[untyped-decorator] # likewise
    def deliver(institution_id: int, outbox_id: int) -> None:
        """Hand one fact to its listener."""
        hand_over(institution_id, outbox_id)

    @celery.task(name="crowdfund.sweep", shared=False)  # type: ignore[untyped-decorator] # likewise
    def sweep(name: str, institution_id: int) -> None:
        """Do one museum's share of a sweep."""
        if installation.quiet_now():
            return
        sweeps[name].function(institution_id)

    return celery


def _transport(config: Config) -> dict[str, Any]:
    if not config.broker_url.startswith("filesystem"):
        return {"visibility_timeout": 60} if config.broker_url.startswith("redis") else {}
    courier.register()
    queue = config.data_dir / "queue"
    folders = {name: queue / name for name in ("messages", "done", "control")}
    for folder in folders.values():
        Path(folder).mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(folders["messages"]),
        "data_folder_out": str(folders["messages"]),
        "processed_folder": str(folders["done"]),
        "control_folder": str(folders["control"]),
        "store_processed": False,
        "polling_interval": POLL,
    }
