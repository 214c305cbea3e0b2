"""SOAP envelopes of the Control Center: requests written, answers read safely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from lxml import etree

from novaconnect_sdk import AnswerUnreadable

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
PASSWORD_TEXT = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"  # noqa: S105
SCHEMA = "http://api.jasperwireless.com/ws/schema"
SCHEMA_VERSION = "5.90"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

Fields = Sequence[tuple[str, "str | Fields"]]
"""Elements of a request in the order of the schema: a name with its text, or with elements of its own."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks: the security header's user and password and the licence key of each body."""

    user: str
    password: str
    license_key: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A SOAP fault: the operator's code (digits, empty if it gave none), its words, and whether its side broke."""

    code: str
    text: str
    server_side: bool


def envelope(operation: str, message_id: str, login: Login, fields: Fields) -> bytes:
    """A whole request of `operation`. `message_id` comes back as correlationId: for tracing, it repeats nothing."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soapenv": SOAP})
    _sign(etree.SubElement(root, f"{{{SOAP}}}Header"), login)
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    request = etree.SubElement(body, f"{{{SCHEMA}}}{operation}Request", nsmap={"jws": SCHEMA})
    head: Fields = (("messageId", message_id), ("version", SCHEMA_VERSION), ("licenseKey", login.license_key))
    _fill(request, (*head, *fields))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def content_of(body: bytes, operation: str) -> etree._Element | Fault:
    """The response element of an answer, or its fault; raises `AnswerUnreadable` for everything else."""
    refuse_foreign(body)
    try:
        root = etree.fromstring(body, _parser())
    except etree.XMLSyntaxError:
        raise AnswerUnreadable("The operator's SOAP answer is broken or cut short.") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise AnswerUnreadable("The operator's SOAP answer carries a document type, which is not accepted.")
    content = root.find(f"{{{SOAP}}}Body/*")
    if content is None:
        raise AnswerUnreadable("The operator answered with something that is not SOAP.")
    if content.tag == f"{{{SOAP}}}Fault":
        return _fault(content)
    if content.tag != f"{{{SCHEMA}}}{operation}Response":
        raise AnswerUnreadable("The operator answered another operation than the one that was asked.")
    return content


def iccids_of(body: bytes) -> list[str] | None:
    """All ICCIDs of a GetModifiedTerminals answer, read in bounded memory; None when it holds no such answer."""
    refuse_foreign(body)
    found: list[str] = []
    answered = False
    tags = (f"{{{SCHEMA}}}iccid", f"{{{SCHEMA}}}GetModifiedTerminalsResponse")
    try:
        for _, element in etree.iterparse(
            BytesIO(body), tag=tags, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        ):
            if element.tag == tags[1]:
                answered = True
            elif element.text:
                found.append(element.text.strip())
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError:
        raise AnswerUnreadable("The operator's SOAP answer is broken or cut short.") from None
    return found if answered else None


def refuse_foreign(body: bytes) -> None:
    """Raise `AnswerUnreadable` when the first bytes show that this is no answer of the operator's services."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if not start:
        raise AnswerUnreadable("The operator answered with nothing.")
    if start.startswith((b"<!doctype html", b"<html")):
        raise AnswerUnreadable("The operator answered with a web page.")


def text_of(element: etree._Element, path: str) -> str:
    """The trimmed text at a path of local names such as rating/termEndDate; empty when there is none."""
    found = element.find("/".join(f"{{{SCHEMA}}}{name}" for name in path.split("/")))
    if found is None or found.get(_NIL) in ("true", "1"):
        return ""
    return (found.text or "").strip()


def all_of(element: etree._Element, path: str) -> list[etree._Element]:
    """All elements at a path of local names."""
    return element.findall("/".join(f"{{{SCHEMA}}}{name}" for name in path.split("/")))


def _sign(header: etree._Element, login: Login) -> None:
    security = etree.SubElement(header, f"{{{SECURITY}}}Security", nsmap={"wsse": SECURITY})
    security.set(f"{{{SOAP}}}mustUnderstand", "1")
    token = etree.SubElement(security, f"{{{SECURITY}}}UsernameToken")
    etree.SubElement(token, f"{{{SECURITY}}}Username").text = login.user
    password = etree.SubElement(token, f"{{{SECURITY}}}Password", Type=PASSWORD_TEXT)
    password.text = login.password


def _fill(parent: etree._Element, fields: Fields) -> None:
    for name, value in fields:
        element = etree.SubElement(parent, f"{{{SCHEMA}}}{name}")
        if isinstance(value, str):
            element.text = value
        else:
            _fill(element, value)


def _fault(content: etree._Element) -> Fault:
    spoken = (content.findtext("faultstring") or "").strip()
    detail = content.find("detail")
    words = [str(text).strip() for text in detail.itertext() if text.strip()] if detail is not None else []
    numbers = [word for word in (spoken, *words) if word.isascii() and word.isdigit()]
    text = " ".join(word for word in (spoken, *words) if word not in numbers)
    server_side = (content.findtext("faultcode") or "").rpartition(":")[2] == "Server"
    return Fault(numbers[0] if numbers else "", text, server_side)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
