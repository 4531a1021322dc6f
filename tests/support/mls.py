"""Members of bare MLS groups: ours, in V8 as clients have it, and those of mls-rs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import mls_rs_uniffi as mls_rs  # type: ignore[import-untyped] # generated, and says nothing of types
import msgspec

from sfu_clients.sealing import base64url

if TYPE_CHECKING:
    from sfu_clients.sealing.mls.isolate import Isolate

PROGRAM: Final = Path(__file__).parents[2] / ".make" / "groups.js"

LABEL: Final = "milkglass test"
SECRET_BYTES: Final = 32

GROUP: Final = bytes(range(32))


class Committed(NamedTuple):
    """What a committer sends."""

    commit: bytes
    welcome: bytes | None


class Party(Protocol):
    """One who may be in a group; whatever is refused raises an exception and changes nothing."""

    name: str

    async def introduce(self) -> bytes:
        """A new key package, as an MLSMessage."""

    async def found(self, group: bytes) -> None:
        """Be the first member."""

    async def join(self, welcome: bytes) -> None:
        """Be added."""

    async def commit(self, add: list[bytes], remove: list[str]) -> Committed:
        """Add, and remove by name; both empty is an update. Our own view is of the new epoch."""

    async def process(self, commit: bytes) -> None:
        """Follow somebody else's commit."""

    async def seal(self, data: bytes) -> bytes:
        """An application message."""

    async def open(self, message: bytes) -> bytes:
        """What somebody else says."""

    async def secret(self) -> bytes:
        """Of the exporter: equal in one epoch, and in no other."""


class View(msgspec.Struct, frozen=True):
    """A member's view of a group, as the program tells it."""

    group: int
    epoch: int
    own_leaf: int
    is_over: bool
    leaves: tuple[tuple[int, str], ...]
    transcript: str
    commit: str | None = None
    welcome: str | None = None
    message: str | None = None
    leaf: int | None = None
    data: str | None = None


class Ours:
    """A group in V8; all in one isolate."""

    def __init__(self, isolate: Isolate, name: str) -> None:
        self._isolate = isolate
        self._pack = 0
        self.name = name
        self.view: View

    async def _call(self, command: str, **parameters: object) -> Any:  # noqa: ANN401 - any JSON
        return msgspec.json.decode(await self._isolate.call(command, parameters))

    async def _step(self, command: str, **parameters: object) -> View:
        """Have the next view; the one before is forgotten."""
        next_view = msgspec.convert(await self._call(command, **parameters), View)
        if "group" in parameters:
            await self._call("free", group=parameters["group"])
        self.view = next_view
        return next_view

    async def introduce(self) -> bytes:
        made = await self._call("pack", name=self.name)
        self._pack = made["pack"]
        return base64url.decode(made["bytes"])

    async def found(self, group: bytes) -> None:
        await self._step("create", id=base64url.encode(group), pack=self._pack)

    async def join(self, welcome: bytes) -> None:
        await self._step("join", welcome=base64url.encode(welcome), pack=self._pack)

    async def commit(self, add: list[bytes], remove: list[str]) -> Committed:
        packs = [base64url.encode(pack) for pack in add]
        names = {base64url.decode(name).decode(): leaf for leaf, name in self.view.leaves}
        leaves = [names[name] for name in remove]
        view = await self._step("commit", group=self.view.group, add=packs, remove=leaves)
        welcome = None if view.welcome is None else base64url.decode(view.welcome)
        return Committed(base64url.decode(view.commit or ""), welcome)

    async def process(self, commit: bytes) -> None:
        await self._step("process", group=self.view.group, commit=base64url.encode(commit))

    async def seal(self, data: bytes) -> bytes:
        view = await self._step("seal", group=self.view.group, data=base64url.encode(data))
        return base64url.decode(view.message or "")

    async def open(self, message: bytes) -> bytes:
        view = await self._step("open", group=self.view.group, message=base64url.encode(message))
        return base64url.decode(view.data or "")

    async def secret(self) -> bytes:
        about = {"group": self.view.group, "label": LABEL, "length": SECRET_BYTES}
        return base64url.decode(await self._call("export", **about))

    @property
    def transcript(self) -> bytes:
        """The confirmed transcript hash."""
        return base64url.decode(self.view.transcript)


class Theirs:
    """A client of mls-rs."""

    def __init__(self, name: str) -> None:
        keys = mls_rs.generate_signature_keypair(mls_rs.CipherSuite.CURVE25519_AES128)
        self._client = mls_rs.Client(name.encode(), keys, mls_rs.client_config_default())
        self._group: Any = None
        self._heard: dict[str, Any] = {}  # mls-rs removes by identities that it has met
        self.name = name

    async def introduce(self) -> bytes:
        return bytes(self._client.generate_key_package_message().to_bytes())

    async def found(self, group: bytes) -> None:
        self._group = self._client.create_group(group)

    async def join(self, welcome: bytes) -> None:
        self._group = self._client.join_group(None, mls_rs.Message.from_bytes(welcome)).group

    async def commit(self, add: list[bytes], remove: list[str]) -> Committed:
        """Either adds or removes: mls-rs has no commit for both here."""
        if add:
            made = self._group.add_members([mls_rs.Message.from_bytes(pack) for pack in add])
        elif remove:
            made = self._group.remove_members([self._heard[name] for name in remove])
        else:
            made = self._group.commit()
        self._group.process_incoming_message(made.commit_message)
        welcome = made.welcome_message
        return Committed(
            bytes(made.commit_message.to_bytes()), None if welcome is None else welcome.to_bytes()
        )

    async def process(self, commit: bytes) -> None:
        self._group.process_incoming_message(mls_rs.Message.from_bytes(commit))

    async def seal(self, data: bytes) -> bytes:
        return bytes(self._group.encrypt_application_message(data).to_bytes())

    async def open(self, message: bytes) -> bytes:
        """By convention what they say is their name, a space, and something."""
        got = self._group.process_incoming_message(mls_rs.Message.from_bytes(message))
        data = bytes(got.data)
        self._heard[data.split(b" ")[0].decode()] = got.sender
        return data

    async def secret(self) -> bytes:
        return bytes(self._group.export_secret(LABEL.encode(), b"", SECRET_BYTES))


class Room:
    """A group, and what has to come to whom."""

    def __init__(self, isolate: Isolate) -> None:
        self._isolate = isolate
        self._made = 0
        self.members: list[Party] = []

    def party(self, *, ours: bool) -> Party:
        """Somebody new, with a name of their own."""
        self._made += 1
        if ours:
            return Ours(self._isolate, f"ours-{self._made}")
        return Theirs(f"theirs-{self._made}")

    async def found(self, *, ours: bool) -> Party:
        founder = self.party(ours=ours)
        await founder.introduce()
        await founder.found(GROUP)
        self.members.append(founder)
        return founder

    async def add(self, by: Party, *joiners: Party) -> None:
        packs = [await joiner.introduce() for joiner in joiners]
        committed = await self._commit(by, packs, [])
        assert committed.welcome is not None
        for joiner in joiners:
            await joiner.join(committed.welcome)
        self.members += joiners
        await self.agree()
        for joiner in joiners:
            await self.say(joiner)

    async def remove(self, by: Party, *leavers: Party) -> None:
        for leaver in leavers:  # mls-rs removes only whom it has heard
            await self.say(leaver)
        self.members = [one for one in self.members if one not in leavers]
        before = await by.secret()
        await self._commit(by, [], [one.name for one in leavers])
        await self.agree()
        assert await by.secret() != before

    async def update(self, by: Party) -> None:
        await self._commit(by, [], [])
        await self.agree()

    async def _commit(self, by: Party, packs: list[bytes], leavers: list[str]) -> Committed:
        committed = await by.commit(packs, leavers)
        for member in self.members:
            if member is not by:
                await member.process(committed.commit)
        return committed

    async def agree(self) -> None:
        """All have the secret of this epoch."""
        secrets = [await member.secret() for member in self.members]
        assert secrets == [secrets[0]] * len(secrets)

    async def say(self, speaker: Party) -> None:
        """All others read what one says, and meet whoever says it."""
        words = f"{speaker.name} says {self._made}".encode()
        message = await speaker.seal(words)
        for member in self.members:
            if member is not speaker:
                assert await member.open(message) == words
