"""What a restart keeps, and how the program ends."""

import subprocess
import sys
import time
from pathlib import Path

from tests.simulator.running import ROOT, Simulator, given, simulator


def stopped(world: Simulator) -> int:
    """Ask the program to stop; its exit code."""
    world.process.terminate()
    return world.process.wait(timeout=10)


def test_a_second_start_resumes_fleet_and_clock_and_may_add_sims(tmp_path: Path) -> None:
    fleet = ("--state-dir", str(tmp_path), "--raised-limits")
    with simulator("--sims", "60", "--lively", "10", *fleet) as world:
        card, device = world.sims(profile="TC", in_session="true")[0], world.sims(profile="TD", in_session="true")[0]
        world.tsim("sblock", onum=card["msisdn"], block="t")
        world.advance(86_400)
        world.soap("SendCancelLocation", given(iccid=device["iccid"]))
        before, moment = {sim["iccid"]: sim for sim in world.sims()}, world.admin("clock")
        assert stopped(world) == 0

    with simulator("--sims", "80", "--seed", "9", *fleet) as world:
        after = {sim["iccid"]: sim for sim in world.sims()}

        assert len(after) == 80
        assert world.admin("clock")["offset_seconds"] == moment["offset_seconds"]
        for iccid, sim in before.items():
            for fact in ("blocked", "registration", "msu_count", "writes", "cancel_location", "session_count"):
                assert after[iccid][fact] == sim[fact]
        world.advance(36_000)
        assert world.sim(device["iccid"])["registration"]["registered"]


def test_a_sudden_end_loses_no_more_than_the_last_seconds(tmp_path: Path) -> None:
    fleet = ("--sims", "40", "--lively", "0", "--state-dir", str(tmp_path))
    with simulator(*fleet) as world:
        card = world.sims(profile="TC")[0]
        world.tsim("sblock", onum=card["msisdn"], block="t")
        wait_until_saved(tmp_path, '"blocks_applied":1')
        world.process.kill()
        world.process.wait()
    with (tmp_path / "fleet.jsonl").open("a") as file:
        file.write('{"i":2,"status"')

    with simulator(*fleet) as world:
        assert world.sim(card["iccid"])["blocked"]


def test_stopping_does_not_wait_for_a_call_that_hangs(tmp_path: Path) -> None:
    with simulator("--sims", "10", "--lively", "0") as world:
        world.admin("faults", {"fault": "timeout_after", "seconds": 600})
        number = world.sims(profile="TC")[0]["msisdn"]
        with subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import sys, httpx; httpx.get(sys.argv[1], timeout=60)",
                gate_address(world, number),
            ],
            stderr=subprocess.DEVNULL,
        ) as client:
            world.wait_for_request("getmsu")
            assert stopped(world) == 0
            assert client.wait(timeout=10) != 0


def test_damaged_state_and_a_port_in_use_are_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "fleet.jsonl").write_text('{"format":99}\n')
    for arguments in (("--port", "0", "--state-dir", str(tmp_path)), ("--port", "1", "--host", "192.0.2.1")):
        ended = subprocess.run(
            [sys.executable, "-m", "simulator", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=20
        )
        assert ended.returncode == 1
        assert ended.stderr.startswith("simulator: ") and ended.stderr.count("\n") == 1


def gate_address(world: Simulator, number: str) -> str:
    base = str(world.http.base_url).rstrip("/")
    return f"{base}/tsim_xml/service/xmlgate?uname=demo&upass=demo-tsim&command=getmsu&onum={number}"


def wait_until_saved(folder: Path, text: str) -> None:
    deadline = time.monotonic() + 10
    while text not in (folder / "fleet.jsonl").read_text():
        assert time.monotonic() < deadline, "the change was not saved"
        time.sleep(0.05)
