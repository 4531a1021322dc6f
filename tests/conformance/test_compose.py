"""The compose file fits the image, the settings, and the files that it mounts."""

import re
from pathlib import Path
from typing import Any

import pytest

from sfu.config import SETTINGS, Rooms, load
from tests.support.promql import CONFIG, read_yaml
from tests.tools.image.dockerfile import instructions

COMPOSE = read_yaml(CONFIG / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SCRAPES = read_yaml(CONFIG / "prometheus.yml")
GIVEN = {
    "SFU_AUTH_SECRET": "long enough to sign tokens for a test",
    "SFU_MEDIA_ANNOUNCE": "203.0.113.7, 2001:db8::7",
    "GRAFANA_PASSWORD": "not admin",
}
"""What people set in their environment."""

MOUNTS = [
    (name, *mount.split(":")[:2])
    for name, service in SERVICES.items()
    for mount in service.get("volumes", [])
]


def environment(service: str) -> dict[str, str]:
    """What the service's environment is, if people set what they are asked for."""
    return {
        name: re.sub(r"\$\{(\w+):\?[^}]+\}", lambda asked: GIVEN[asked[1]], value)
        for name, value in SERVICES[service]["environment"].items()
    }


def image() -> list[tuple[str, str]]:
    """What the Dockerfile says."""
    return list(instructions((CONFIG.parent / "Dockerfile").read_text(encoding="utf-8")))


@pytest.mark.parametrize(("service", "source", "target"), MOUNTS)
def test_what_is_mounted_exists(service: str, source: str, target: str) -> None:
    """An engine would make an empty folder of a file that is missing."""
    assert target.startswith("/")
    if source.startswith("."):
        assert (CONFIG / source).is_file(), f"{service} mounts {source}"
    else:
        assert source in COMPOSE["volumes"], f"{service} mounts {source}"


def test_no_volume_is_declared_in_vain() -> None:
    """Each is mounted somewhere."""
    assert set(COMPOSE["volumes"]) <= {source for _, source, _ in MOUNTS}


def test_the_image_is_built_from_this_repository() -> None:
    """Never pulled: a registry may have something else under that name."""
    server = SERVICES["milkglass"]
    assert ((CONFIG / server["build"]) / "Dockerfile").is_file()
    assert server["pull_policy"] == "build"
    assert SERVICES["scrape-token"]["image"] == server["image"]
    assert SERVICES["scrape-token"]["pull_policy"] == "never"


@pytest.mark.parametrize("service", ["milkglass", "scrape-token"])
def test_the_environment_is_made_of_settings(service: str) -> None:
    """The server starts with it: each variable is known, and takes its value."""
    mine = environment(service)
    assert set(mine) <= {setting.variable for setting in SETTINGS}
    of_image = dict(rest.split("=", 1) for word, rest in image() if word == "ENV")
    config = load(None, of_image | mine, {})
    assert not config.open
    if service == "milkglass":
        assert config.media.announce == ("203.0.113.7", "2001:db8::7")
        assert config.log.json


def test_secrets_come_from_the_environment() -> None:
    """None is in the file, and none has a default that everybody knows."""
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("SECRET|PASSWORD|TOKEN", name):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name


def test_ports_are_those_of_the_image() -> None:
    """The server's are open to all, media under their own number; the others to this machine."""
    (exposed,) = (set(rest.split()) for word, rest in image() if word == "EXPOSE")
    published = [port.partition("/") for port in SERVICES["milkglass"]["ports"]]
    assert exposed == {f"{port.rpartition(':')[2]}/{kind or 'tcp'}" for port, _, kind in published}
    assert all(port == "10000:10000" for port, _, kind in published if kind)
    for name in ("prometheus", "grafana"):
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


def test_people_have_time_to_leave() -> None:
    """The engine waits for longer than the drain takes."""
    grace = SERVICES["milkglass"]["stop_grace_period"]
    assert float(grace.removesuffix("s")) > Rooms().drain_seconds


def test_prometheus_finds_the_server_and_the_token() -> None:
    """The target is a service, and the file of the token is where the other service writes it."""
    (job,) = SCRAPES["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["milkglass:8080"]}]
    folder, name = job["authorization"]["credentials_file"].split("/")
    mounted = {(service, source): target for service, source, target in MOUNTS}
    configuration = Path(mounted["prometheus", "./prometheus.yml"])
    assert mounted["prometheus", "token"] == str(configuration.parent / folder)
    written = SERVICES["scrape-token"]["entrypoint"][-1].partition(" > ")[2]
    assert written == f"{mounted['scrape-token', 'token']}/{name}"
    rules = {str(configuration.parent / file) for file in SCRAPES["rule_files"]}
    assert rules == {mounted["prometheus", "./alerts.yml"]}


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    """The address is a service's, the interval that of the scrapes, the folder the mounted one."""
    (source,) = read_yaml(CONFIG / "grafana" / "datasource.yml")["datasources"]
    assert source["type"] == "prometheus"
    assert source["url"] == "http://prometheus:9090"
    assert source["jsonData"]["timeInterval"] == SCRAPES["global"]["scrape_interval"]
    (provider,) = read_yaml(CONFIG / "grafana" / "provider.yml")["providers"]
    mounted = {source: Path(target) for service, source, target in MOUNTS if service == "grafana"}
    assert Path(provider["options"]["path"]) == mounted["./dashboard.json"].parent
    home = environment("grafana")["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home) == mounted["./dashboard.json"]
    provisioning = Path("/etc/grafana/provisioning")
    assert mounted["./grafana/datasource.yml"].parent == provisioning / "datasources"
    assert mounted["./grafana/provider.yml"].parent == provisioning / "dashboards"
