"""The limit: the smallest Flask app, on the same server."""

from __future__ import annotations

from flask import Flask

app = Flask("hello")


@app.get("/")
def hello() -> str:
    """Say hello."""
    return "hello"


@app.get("/health/live")
def live() -> str:
    """Say that it runs."""
    return "ok"
