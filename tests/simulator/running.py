"""Starting the simulator as its own program and talking to it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import httpx
from lxml import etree

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = "http://api.jasperwireless.com/ws/schema"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"


class Simulator:
    """A running simulator as a client sees it."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)

    def admin(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Call the admin API: GET without a body, else POST; the answer must be a success."""
        verb = method or ("GET" if body is None else "POST")
        answer = self.http.request(verb, f"/admin/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def sims(self, **filters: Any) -> list[dict[str, Any]]:
        """SIMs as they really are."""
        return self.admin(f"sims?{httpx.QueryParams({'limit': 1000, **filters})}")["items"]

    def sim(self, iccid: str) -> dict[str, Any]:
        """One SIM as it really is."""
        return self.admin(f"sims/{iccid}")

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.admin("clock/advance", {"seconds": seconds})

    def wait_for_request(self, command: str) -> None:
        """Wait until a request with this command has come in."""
        deadline = time.monotonic() + 10
        while not self.admin(f"requests?command={command}")["items"]:
            assert time.monotonic() < deadline, f"no {command} came in"
            time.sleep(0.01)

    def tsim_raw(self, command: str, password: str = "demo-tsim", **arguments: Any) -> httpx.Response:
        """Call the TSIM gate."""
        query = {"uname": "demo", "upass": password, "plain": 1, "command": command, **arguments}
        return self.http.get("/tsim_xml/service/xmlgate", params=query)

    def tsim(self, command: str, **arguments: Any) -> etree._Element:
        """Call the TSIM gate and read its XML."""
        answer = self.tsim_raw(command, **arguments)
        assert answer.status_code == 200
        return etree.fromstring(answer.content)

    def rest(self, path: str, method: str = "GET", key: str = "demo-jasper", **options: Any) -> httpx.Response:
        """Call the Jasper REST face."""
        return self.http.request(method, f"/rws/api/v1/{path}", auth=("demo", key), **options)

    def soap_raw(self, operation: str, content: str, **options: Any) -> httpx.Response:
        """Call the Jasper SOAP face with the inner elements given as text."""
        service = options.get("service", "terminal")
        action = options.get("action", f"http://api.jasperwireless.com/ws/service/{service}/{operation}")
        envelope = (
            f'<e:Envelope xmlns:e="{SOAP}"><e:Header><s:Security xmlns:s="{SECURITY}"><s:UsernameToken>'
            f"<s:Username>demo</s:Username><s:Password>{options.get('password', 'demo-jasper')}</s:Password>"
            f'</s:UsernameToken></s:Security></e:Header><e:Body><j:{operation}Request xmlns:j="{SCHEMA}">'
            f"<j:messageId>m-1</j:messageId><j:version>1</j:version>"
            f"<j:licenseKey>{options.get('license_key', 'demo-license')}</j:licenseKey>{content}"
            f"</j:{operation}Request></e:Body></e:Envelope>"
        )
        headers = {"SOAPAction": f'"{action}"', "Content-Type": "text/xml; charset=utf-8"}
        return self.http.post(f"/ws/service/{service}", content=envelope, headers=headers)

    def soap(self, operation: str, content: str, **options: Any) -> etree._Element:
        """Call the Jasper SOAP face; the answer's body element."""
        answer = self.soap_raw(operation, content, **options)
        assert answer.status_code == 200, answer.text
        return etree.fromstring(answer.content)[0][0]


def given(**values: str) -> str:
    """Request elements in the order given."""
    return "".join(f"<j:{name}>{escape(value)}</j:{name}>" for name, value in values.items())


def first_text(node: etree._Element, name: str) -> str | None:
    """Text of the first descendant with this local name, whatever its namespace."""
    found = next(iter(node.iter(f"{{*}}{name}")), None)
    return None if found is None else (found.text or "")


@contextmanager
def simulator(*arguments: str) -> Iterator[Simulator]:
    """The program with these arguments on a free port; stopped at the end unless it has ended already."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the simulator ended before it was ready"
        yield Simulator(process, json.loads(line)["port"])
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
