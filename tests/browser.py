"""A real browser for tests: headless Chromium, spoken to over a pipe, on files and nothing else.

Debian's package `chromium`; where it is missing, tests are skipped and say so, and `.ci/run`
installs it. The DevTools protocol goes over two pipes (`--remote-debugging-pipe`), so no port is
opened and no driver is needed.
"""

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
ENDING_SECONDS_MAX = 20


class Browser:
    """One page of one browser."""

    def __init__(self, say: int, hear: int) -> None:
        self._say, self._hear, self._heard = say, hear, b""
        self._ids = itertools.count(1)
        self._session: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        page = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=page, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "DOM", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """A command of the DevTools protocol and its answer; events heard meanwhile are kept."""
        number = next(self._ids)
        said = {"id": number, "method": method, "params": params} | self._session
        os.write(self._say, json.dumps(said).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") != number:
                self.events.append(message)
            elif "error" in message:
                raise RuntimeError(f"{method}: {message['error']}")
            else:
                answer: dict[str, Any] = message["result"]
                return answer

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._heard:
            some = os.read(self._hear, 1 << 20)
            if not some:
                raise RuntimeError("the browser has ended")
            self._heard += some
        first, _, self._heard = self._heard.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        return message

    def open(self, path: Path) -> None:
        """Load a file, as a person who clicks it does; returns when it has loaded."""
        self.events.clear()
        self.ask("Page.navigate", url=path.as_uri())
        while not any(one.get("method") == "Page.loadEventFired" for one in self.events):
            self.events.append(self._next())

    def answer(self, expression: str) -> Any:
        """What an expression of JavaScript comes to; a promise is awaited."""
        said = self.ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in said:
            raise RuntimeError(json.dumps(said["exceptionDetails"])[:2_000])
        return said["result"].get("value")

    def choose(self, selector: str, *files: Path) -> None:
        """Put files into a file field."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in files])

    def picture(self, to: Path, width: int = 1000) -> None:
        """The whole page as a PNG."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1,
            mobile=False,
        )  # fmt: skip
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        to.write_bytes(base64.b64decode(shot["data"]))

    def asked_for(self) -> list[str]:
        """Every address the page has asked for."""
        return [
            one["params"]["request"]["url"]
            for one in self.events
            if one.get("method") == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """What the browser's console says is wrong: a blocked script, an exception."""
        return [
            json.dumps(one["params"])
            for one in self.events
            if one.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown")
        ]


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser with an empty profile; skips the test where none is installed."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("Chromium is not installed: on Debian, apt-get install chromium")
    profile = tempfile.mkdtemp(prefix="chip-ledger-browser-")
    their_in, our_out = os.pipe()
    our_in, their_out = os.pipe()
    # DevTools reads from 3 and writes to 4, numbers that may be taken here: a shell moves them.
    moved = f'exec "$@" 3<&{their_in} 4>&{their_out}'
    browser = subprocess.Popen(
        ["bash", "-c", moved, "browser", found, "--headless", "--no-sandbox", "--disable-gpu",
         "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--remote-debugging-pipe", f"--user-data-dir={profile}"],
        pass_fds=(their_in, their_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(their_in)
    os.close(their_out)
    try:
        page = Browser(our_out, our_in)
        yield page
        with suppress(RuntimeError, OSError):
            page.ask("Browser.close")
    finally:
        os.close(our_out)
        os.close(our_in)
        try:
            browser.wait(ENDING_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            browser.kill()
            browser.wait()
        shutil.rmtree(profile, ignore_errors=True)
