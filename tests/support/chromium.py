"""Open a page from disk in Debian's Chromium and hear what it complains about."""

import contextlib
import shutil

import pytest
from playwright.sync_api import sync_playwright

EXECUTABLE = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]

needs_chromium = pytest.mark.skipif(
    EXECUTABLE is None, reason="no chromium in the PATH (Debian: apt-get install chromium)"
)


@contextlib.contextmanager
def browser():
    """A headless Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        yield started
        started.close()


@contextlib.contextmanager
def opened(started, path, width=1280, **options):
    """The page at a path, its viewers drawn; no complaint and no request may come of it."""
    context = started.new_context(viewport={"width": width, "height": 900}, **options)
    page = context.new_page()
    complaints, address = [], path.resolve().as_uri()
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            request.url.startswith(("data:", "blob:"))
            or request.url.partition("#")[0] == address
            or complaints.append(f"request: {request.url}")
        ),
    )
    page.goto(address)
    page.locator(".viewer:not([data-ready])").wait_for(state="detached")
    yield page
    context.close()
    assert not complaints, complaints
