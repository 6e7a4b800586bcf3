"""What every scenario needs: the broker's address and names of its own."""

import os
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from dotnet import Closed, Connection

QUIET = 0.3
"""Seconds of silence after which nothing more is expected."""


def connect(**options):
    """A connection; `options` are those of `dotnet.Connection`."""
    uri = urlsplit(os.environ["AMQP_URI"])
    login = {"user": unquote(uri.username), "password": unquote(uri.password)}
    options = login | {"vhost": unquote(uri.path[1:])} | options
    return Connection((uri.hostname, uri.port), **options)


def name(suffix):
    """A queue or exchange name that no other scenario uses."""
    return f"{os.environ['CONFORMANCE_PREFIX']}.{suffix}"


@contextmanager
def refused(code, text):
    """Sees that the broker closes channel or connection with this code and this text in it."""
    try:
        yield
    except Closed as closed:
        assert closed.code == code and text in closed.text, closed
    else:
        raise AssertionError(f"not refused with {code} {text}")
