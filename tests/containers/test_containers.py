"""The system in containers does the same work, survives the same faults and keeps its secrets apart.

Needs a Docker engine, so `make containers` runs it and not `make test`. Takes some minutes.
"""
import http.client
import json
import os
import threading
import time

import pytest

from compose import ORIGIN, SERVERS, Compose, available, image, plan, run

pytestmark = [pytest.mark.timeout(600), pytest.mark.skipif(not available(), reason="no Docker engine")]
TOOLS_NOBODY_NEEDS = "gcc cc g++ clang make cmake python3 psql curl wget git"


@pytest.fixture(scope="module")
def built():
    """Built and started once."""
    backroom = Compose(f"backroom-test-{os.getpid()}")
    try:
        backroom.run("build")
        backroom.up()
        yield backroom
    except BaseException:
        print(backroom.run("logs", "--tail", "20", check=False).stdout)
        raise
    finally:
        backroom.remove()


@pytest.fixture
def made(built):
    """All of it healthy, whatever the test before did to it."""
    if not all(built.healthy(service) for service in SERVERS):
        built.up()
    return built


def reconciled(text):
    assert "analytics equal orders" in text and "   NO " not in text, text


def test_the_main_job_passes_against_the_containers(made):
    reconciled(made.demo(token_command=" ".join(made.words + ["run", "--rm", "-T", "token"])))


def test_it_passes_with_three_instances_of_orders_and_catalog_and_all_of_them_work(made):
    made.up("--scale", "orders=3", "--scale", "catalog=3")
    assert len(made.containers("orders")) == len(made.containers("catalog")) == 3
    reconciled(made.demo())
    for service in ("orders", "catalog"):
        for container in made.containers(service):
            log = run(["docker", "logs", container["Id"]])
            lines = [json.loads(line) for line in (log.stdout + log.stderr).splitlines() if line.startswith("{")]
            names = {line.get("instance") for line in lines}
            assert names == {container["Config"]["Hostname"]}, names
            assert served(made, service, container) > 0, f"{service} {container['Name']} never had work"


def served(made, service, container):
    """Requests that this instance answered, by its own metrics."""
    port = plan.ops_port(service)
    done = run(["docker", "exec", container["Id"], "bash", "-c",
                f"exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET /metrics HTTP/1.1\\r\\nHost: x\\r\\n"
                "Connection: close\\r\\n\\r\\n' >&3; cat <&3"])
    return sum(float(line.rpartition(" ")[2]) for line in done.stdout.splitlines()
               if line.startswith("backroom_http_requests_total"))


@pytest.mark.parametrize("service", SERVERS)
def test_a_container_has_no_rights_it_does_not_need(made, service):
    host = made.containers(service)[0]["HostConfig"]
    assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and not host["CapAdd"]
    assert any(option.startswith("no-new-privileges") for option in host["SecurityOpt"])
    code, response = made.inside(service, "id -u; touch /x /usr/local/bin/x; grep CapEff /proc/self/status")
    assert not response.startswith("0\n") and "Read-only file system" in response and "CapEff:\t0000000000000000" in response


@pytest.mark.parametrize("service", (*plan.SERVICES, "gateway"))
def test_an_image_of_ours_is_small_and_has_no_compiler(made, service):
    assert made.inside(service, f"command -v {TOOLS_NOBODY_NEEDS}")[1].strip() == ""
    assert image(f"backroom-{service}")["Size"] < 110e6
    assert image(f"backroom-{service}")["Config"]["User"] not in ("", "root", "0")


def test_postgresql_has_the_settings_of_deploy(made):
    asked = "select coalesce(error, 'good'), sourcefile from pg_file_settings group by 1, 2"
    response = made.inside("postgres", f"PGPASSWORD=$(cat /run/backroom/superuser) psql -h 127.0.0.1 -U postgres -d backroom -Atc \"{asked}\"",
                       check=True)[1]
    assert response.split() == ["good|/run/backroom/postgres.conf"]


@pytest.mark.parametrize("service", plan.SERVICES)
def test_a_service_knows_its_own_passwords_and_no_others(made, service):
    container = made.containers(service)[0]
    assert not [name for name in container["Config"]["Env"] if "PASSWORD" in name or "_URL" in name]
    assert [each["Name"].rpartition("_")[2] for each in container["Mounts"]] == [f"for-{service}"]
    settings = made.inside(service, "cat /run/backroom/settings", check=True)[1]
    for name in plan.SERVICES:
        assert (f"//{name}:" in settings) == (name == service)
    assert made.inside(service, "ls /run/backroom", check=True)[1].split() == ["jwks.json", "settings"]


def test_who_makes_tokens_reads_the_keys_and_no_password(made):
    done = made.run("run", "--rm", "-T", "--entrypoint", "sh", "token", "-c", "find /run -type f; id -u")
    assert sorted(done.stdout.split()) == ["/run/keys/jwks.json", "/run/keys/private.json", "10001"], done.stdout


def test_only_the_gateway_can_be_reached_and_the_rest_has_no_way_out(made):
    for service in SERVERS:
        container = made.containers(service)[0]
        published = [port for port, where in (container["NetworkSettings"]["Ports"] or {}).items() if where]
        assert published == (["8080/tcp"] if service == "gateway" else [])
        networks = [name.rpartition("_")[2] for name in container["NetworkSettings"]["Networks"]]
        assert networks == ["back"] or service == "gateway"
    back = next(name for name in made.containers("orders")[0]["NetworkSettings"]["Networks"])
    assert json.loads(run(["docker", "network", "inspect", back]).stdout)[0]["Internal"]


@pytest.mark.parametrize("service", ["orders", "nats", "postgres", "gateway"])
def test_a_killed_container_comes_back_by_itself(made, service):
    made.crash(service)
    made.wait_healthy()


def test_the_main_job_passes_after_all_those_crashes(made):
    reconciled(made.demo())


def test_every_service_stops_gracefully_and_in_time(made):
    began = time.monotonic()
    made.run("stop", *plan.SERVICES)
    seconds = time.monotonic() - began
    codes = {service: [each["State"]["ExitCode"] for each in made.containers(service)] for service in plan.SERVICES}
    assert all(code == 0 for each in codes.values() for code in each), codes
    assert seconds < 25, f"took {seconds:.0f} s"


def test_an_open_event_stream_does_not_hold_up_the_gateways_stop(made):
    connection = http.client.HTTPConnection(ORIGIN, made.port, timeout=60)
    connection.request("GET", "/orders/v1/events", headers={
        "Accept": "text/event-stream", "Authorization": f"Bearer {made.clients.orders.token('admin', 'ann')}"})
    assert connection.getresponse().status == 200
    reader = threading.Thread(target=lambda: connection.sock and connection.sock.recv(1), daemon=True)
    reader.start()
    began = time.monotonic()
    made.run("stop", "gateway")
    assert time.monotonic() - began < 35
    connection.close()
    assert made.containers("gateway")[0]["State"]["ExitCode"] != 137, "the engine had to kill it"


def test_down_and_up_again_keeps_orders_keys_and_passwords(made):
    before = made.clients.orders.get("/v1/orders?limit=1").expect(200)["data"]
    made.run("down")
    made.up()
    assert made.clients.orders.get("/v1/orders?limit=1").expect(200)["data"] == before, "or the old token is refused"
    reconciled(made.demo("--orders", "6"))
