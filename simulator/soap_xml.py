"""SOAP envelopes: reading requests safely and writing answers and faults."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from simulator.clock import as_utc

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
SCHEMA = "http://api.jasperwireless.com/ws/schema"
XML_TYPE = "text/xml; charset=utf-8"


class RequestUnreadable(ValueError):
    """The body is not a SOAP request we can read; the text says why."""


@dataclass(slots=True)
class SoapRequest:
    """A request as read: operation name, its body element, and the login of the security header."""

    operation: str
    body: etree._Element
    user: str
    password: str

    def text(self, name: str) -> str:
        """Text of the first child of that name, trimmed; empty when there is none."""
        found = self.body.find(f"{{{SCHEMA}}}{name}")
        return (found.text or "").strip() if found is not None else ""

    def texts(self, name: str) -> list[str]:
        """Trimmed texts of every descendant of that name that has one."""
        return [node.text.strip() for node in self.body.iter(f"{{{SCHEMA}}}{name}") if node.text and node.text.strip()]


def read_request(raw: bytes) -> SoapRequest:
    """Read an envelope; document types and entities are refused. Raises RequestUnreadable."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise RequestUnreadable("the body is not well-formed XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise RequestUnreadable("a document type is not allowed")
    body = root.find(f"{{{SOAP}}}Body")
    content = body[0] if body is not None and len(body) else None
    if root.tag != f"{{{SOAP}}}Envelope" or content is None or not isinstance(content.tag, str):
        raise RequestUnreadable("the body is not a SOAP envelope")
    name = etree.QName(content)
    if name.namespace != SCHEMA or not name.localname.endswith("Request"):
        raise RequestUnreadable("unknown request element")
    token = f"{{{SOAP}}}Header/{{{SECURITY}}}Security/{{{SECURITY}}}UsernameToken/{{{SECURITY}}}"
    return SoapRequest(
        operation=name.localname.removesuffix("Request"),
        body=content,
        user=(root.findtext(f"{token}Username") or "").strip(),
        password=(root.findtext(f"{token}Password") or "").strip(),
    )


def soap_time(epoch: float) -> str:
    """Epoch seconds as xs:dateTime in UTC."""
    return as_utc(epoch).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def element(name: str, value: object) -> str:
    """One element with escaped text; an empty string for None."""
    return "" if value is None else f"<{name}>{escape(str(value))}</{name}>"


def _envelope(body: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="{SOAP}">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    ).encode()


def response(operation: str, message_id: str, now: float, content: str) -> bytes:
    """The answer of an operation: the common head (message id echoed as correlationId) and its content."""
    return _envelope(
        f'<{operation}Response xmlns="{SCHEMA}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{element('correlationId', message_id)}<version>5.90</version><build>simulator</build>"
        f"<timestamp>{soap_time(now)}</timestamp>{content}</{operation}Response>"
    )


def fault(code: str, text: str, client_side: bool = True) -> bytes:
    """A SOAP fault whose faultstring is the operator's numeric code."""
    who = "Client" if client_side else "Server"
    return _envelope(
        f"<soapenv:Fault><faultcode>soapenv:{who}</faultcode><faultstring>{escape(code)}</faultstring>"
        f'<detail><jws:error xmlns:jws="{SCHEMA}">{escape(text)}</jws:error></detail></soapenv:Fault>'
    )
