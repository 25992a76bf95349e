"""Every kind of Redis server that an address can name: old, with TLS, ACL, several."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from tests.paso_daemon.peers.node import Node, nodes, until
from tests.support.daemon import ROOT, wait_for
from tests.support.redis import RedisServer, free_port, old_redis_program

CANARY = "c4n4ry-Pa55word"


async def share(server: RedisServer | str, folder: Path, **more: object) -> None:
    """Let two computers tell each other of a session, a snapshot and a message."""
    async with nodes(server, folder, "a", "b", **more) as (a, b):
        b.put(1)
        a.watch("sessions", "computers")
        await until(lambda: a.agrees_with(b) and len(a.of(b)) == 1)
        b.put(1, 2)
        b.put(2)
        await until(lambda: a.agrees_with(b) and len(a.of(b)) == 2)
        b.remove(1, 3)
        await until(lambda: a.agrees_with(b) and len(a.of(b)) == 1)
        await b.stop()
        await until(lambda: a.state_of(b) == "offline", 2)


async def test_redis_6_2(tmp_path: Path) -> None:
    with RedisServer(program=old_redis_program()) as server:
        with server.client() as client:
            assert client.info("server")["redis_version"].startswith("6.2")
        await share(server, tmp_path)


async def test_a_port_a_database_and_a_password_with_odd_characters(
    tmp_path: Path,
) -> None:
    port = free_port()
    with RedisServer("--requirepass", "p@ss/w#rd?", port=port) as server:
        await share(f"redis://:p%40ss%2Fw%23rd%3F@127.0.0.1:{port}/3", tmp_path)
        with server.client(password="p@ss/w#rd?", db=3) as client:
            assert client.dbsize() > 0


async def test_a_unix_socket_with_user_and_database_after_the_mark(
    tmp_path: Path,
) -> None:
    with RedisServer() as server:
        with server.client() as client:
            client.acl_setuser(
                "paso", enabled=True, passwords=["+secret"], keys=["*"],
                categories=["+@all"],
            )  # fmt: skip
        await share(f"{server.url}?db=2&username=paso&password=secret", tmp_path)


def documented_acl() -> str:
    """The line of docs/peers.md, for a network and a password of ours."""
    page = (ROOT / "docs" / "peers.md").read_text()
    found = re.search(r"^ACL SETUSER .*$", page, re.MULTILINE)
    assert found, "docs/peers.md has no ACL line"
    return found[0].replace("{NETWORK}", "{test}").replace("PASSWORD", "s3cret")


@pytest.mark.parametrize("old", [False, True], ids=["redis", "redis 6.2"])
async def test_the_documented_rights_are_enough_and_no_more(
    tmp_path: Path, old: bool
) -> None:
    port = free_port()
    program = old_redis_program() if old else None
    with RedisServer(program=program, port=port) as server:
        with server.client() as client:
            client.execute_command(*documented_acl().split())
        await share(f"redis://paso:s3cret@127.0.0.1:{port}", tmp_path)
        with server.client(username="paso", password="s3cret") as client:
            for command in (
                ("FLUSHALL",),
                ("CONFIG", "GET", "*"),
                ("KEYS", "*"),
                ("SET", "other", "x"),
                ("SET", "paso:{other}:here:1", "x"),
                ("EVAL", "return 1", "0"),
                ("SCAN", "0"),
            ):
                with pytest.raises(redis_py.exceptions.NoPermissionError):
                    client.execute_command(*command)


async def test_a_user_without_rights_is_told_so(tmp_path: Path) -> None:
    with RedisServer() as server:
        with server.client() as client:
            client.acl_setuser("poor", enabled=True, passwords=["+x"])
        node = Node(tmp_path / "a", f"{server.url}?username=poor&password=x")
        await node.start()
        await until(lambda: node.peers.state == "refused")
        assert "NOPERM" in node.peers.reason or "permission" in node.peers.reason
        await node.stop()


def denied(client: Any) -> int:
    found: int = client.info("errorstats")["errorstat_NOPERM"]["count"]
    return found


@pytest.mark.parametrize("may_not", ["xread", "xadd", "set", "sadd", "xrevrange"])
async def test_who_may_not_do_all_of_it_has_not_joined(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, may_not: str
) -> None:
    """Else it would join and break off again, several times a second."""
    caplog.set_level("INFO", "paso.daemon")
    with RedisServer() as server:
        with server.client() as client:
            rules = ["on", ">x", "~*", "+@all", f"-{may_not}"]
            client.execute_command("ACL", "SETUSER", "poor", *rules)
        node = Node(tmp_path / "a", f"{server.url}?username=poor&password=x")
        await node.start()
        await until(lambda: node.peers.state == "refused")
        with server.client() as client:
            await until(lambda: denied(client) > 3)
        assert "joined" not in caplog.text
        await node.stop()


@pytest.mark.parametrize("command", ["TIME", "SET", "XADD", "XREAD"])
async def test_a_server_without_a_command_is_told_of(
    tmp_path: Path, command: str
) -> None:
    with RedisServer("--rename-command", command, "") as server:
        node = Node(tmp_path / "a", server.url)
        await node.start()
        await until(lambda: node.peers.state == "refused")
        assert "unknown command" in node.peers.reason
        assert command in node.peers.reason.upper()
        await node.stop()


async def test_a_server_that_does_not_take_a_sign_of_life_is_refused(
    tmp_path: Path,
) -> None:
    """As Redis before 6.2, which knows no GET in a SET."""
    with RedisServer(
        "--rename-command", "SET", "", "--rename-command", "GETSET", "SET"
    ) as server:
        node = Node(tmp_path / "a", server.url)
        await node.start()
        await until(lambda: node.peers.state == "refused")
        assert "sign of life" in node.peers.reason
        await node.stop()


def make_certificates(folder: Path, *names: str) -> None:
    """A CA, and a certificate of it for each name, as `openssl` makes them."""

    def openssl(*words: str) -> None:
        done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=test ca", "-days", "2")  # fmt: skip
    for name in names:
        (folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{name}\n")
        openssl("req", *new, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}")  # fmt: skip
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey",
                "ca.key", "-CAcreateserial", "-out", f"{name}.pem", "-days", "2",
                "-extfile", f"{name}.ext")  # fmt: skip


@contextmanager
def tls_server(folder: Path, name: str, port: int) -> Iterator[RedisServer]:
    make_certificates(folder, name)
    with RedisServer(
        *("--tls-port", str(port), "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(folder / f"{name}.pem")),
        *("--tls-key-file", str(folder / f"{name}.key")),
        *("--tls-ca-cert-file", str(folder / "ca.pem")),
    ) as server:
        yield server


async def test_tls_is_verified_with_the_given_authority(tmp_path: Path) -> None:
    port = free_port()
    with tls_server(tmp_path, "localhost", port):
        ca_file = str(tmp_path / "ca.pem")
        await share(f"rediss://localhost:{port}", tmp_path, ca_file=ca_file)


@pytest.mark.parametrize(
    ("name", "has_ca"), [("localhost", False), ("other.example", True)]
)
async def test_tls_of_a_stranger_is_refused(
    tmp_path: Path, name: str, has_ca: bool
) -> None:
    port = free_port()
    with tls_server(tmp_path, name, port) as server:
        ca_file = str(tmp_path / "ca.pem") if has_ca else None
        node = Node(tmp_path / "a", f"rediss://localhost:{port}", ca_file=ca_file)
        await node.start()
        await until(lambda: node.peers.state == "unreachable")
        assert "certificate" in node.peers.reason.lower()
        with server.client() as client:
            assert client.dbsize() == 0
        await node.stop()


def test_a_process_that_makes_tls_connections_loads_tls(tmp_path: Path) -> None:
    """The loop of a daemon without peers has none; it is decided before it is made."""
    program = (
        "import sys\n"
        "from paso_daemon.__main__ import _needs_tls\n"
        "print(_needs_tls(sys.argv[1]), 'json' in sys.modules)\n"
    )
    from tests.support.redis import join

    answers = []
    for url in (None, "redis://localhost", "rediss://localhost"):
        if url:
            join(tmp_path, url)
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip
        answers.append(done.stdout.split())
    assert answers == [["False", "False"], ["False", "True"], ["True", "True"]]


async def test_a_cluster_of_one_node(tmp_path: Path) -> None:
    port = free_port()
    options = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    with RedisServer(*options, port=port) as server:
        with server.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
            wait_for(lambda: b"_state:ok" in client.execute_command("CLUSTER", "INFO"))
        await share(f"redis+cluster://127.0.0.1:1,127.0.0.1:{port}", tmp_path)


class Sentinels:
    """A leader, a follower and two Sentinels that watch them."""

    def __init__(self, folder: Path, password: str = "") -> None:
        self.folder, self.password = folder, password
        self.ports = [free_port() for _ in range(4)]
        self.stack = ExitStack()
        self.servers: list[RedisServer] = []

    def __enter__(self) -> Sentinels:
        leader, follower, *watchers = self.ports
        self.servers = [
            self.stack.enter_context(RedisServer(port=leader)),
            self.stack.enter_context(
                RedisServer("--replicaof", f"127.0.0.1 {leader}", port=follower)
            ),
        ]
        for port in watchers:
            self._watch(port, leader)
        return self

    def _watch(self, port: int, leader: int) -> None:
        config = self.folder / f"sentinel-{port}.conf"
        config.write_text(
            f"port {port}\n"
            f"dir {self.folder}\n"
            f"sentinel monitor board 127.0.0.1 {leader} 2\n"
            "sentinel down-after-milliseconds board 500\n"
            "sentinel failover-timeout board 3000\n"
        )
        if self.password:
            with config.open("a") as file:
                file.write(f"requirepass {self.password}\n")
                file.write(f"sentinel sentinel-pass {self.password}\n")
        program = shutil.which("redis-server")
        assert program, "install redis-server (apt install redis-server)"
        process = subprocess.Popen(
            [program, str(config), "--sentinel"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        with redis_py.Redis(
            port=port, socket_timeout=2, protocol=2, password=self.password or None
        ) as client:
            wait_for(lambda: self._knows_all(client), 30)

    def _knows_all(self, client: redis_py.Redis) -> bool:
        try:
            found: Any = client.sentinel_masters()
        except redis_py.RedisError:
            return False
        return [one["num-slaves"] for one in found.values()] == [1]

    @property
    def url(self) -> str:
        watchers = ",".join(f"127.0.0.1:{port}" for port in (1, *self.ports[2:]))
        return f"redis+sentinel://{watchers}/board"

    def __exit__(self, *_: object) -> None:
        self.stack.close()


async def test_sentinels_name_the_leader(tmp_path: Path) -> None:
    with Sentinels(tmp_path) as watched:
        await share(watched.url, tmp_path)
        with watched.servers[0].client() as client:
            assert client.scard("paso:{test}:computers") == 2


async def test_sentinels_may_want_a_password_of_their_own(tmp_path: Path) -> None:
    with Sentinels(tmp_path, CANARY) as watched:
        await share(f"{watched.url}?sentinel_password={CANARY}", tmp_path)
        for wrong in ("", f"?sentinel_password={CANARY}-x"):
            node = Node(tmp_path / f"wrong{len(wrong)}", f"{watched.url}{wrong}")
            await node.start()
            await until(lambda: node.peers.state == "refused")  # noqa: B023
            assert CANARY not in str(node.peers.status())
            await node.stop()


@pytest.mark.soak
@pytest.mark.timeout(180)
async def test_a_failover_is_followed_and_nothing_is_lost(tmp_path: Path) -> None:
    with Sentinels(tmp_path) as watched:
        async with nodes(watched.url, tmp_path, "a", "b") as (a, b):
            await a.follow(b)
            b.put(1)
            await until(lambda: a.agrees_with(b))
            watched.servers[0].stop()
            for number in range(20):
                b.put(number, 2)
            await until(lambda: a.agrees_with(b) and len(a.of(b)) == 20, 90)
