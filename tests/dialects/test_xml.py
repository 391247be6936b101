"""XML that others send: any bytes are a document or are refused, at a bounded cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.dialects.xml import xml_of, xml_text
from cti_lookup.errors import Unreadable


def test_elements_attributes_and_texts_are_read() -> None:
    root = xml_of(b'<?xml version="1.0"?><Call Ref="2"><From> 100 </From><To/><!-- no --><?no thing?></Call>')

    assert (root.tag, root.attrib, [one.tag for one in root]) == ("Call", {"Ref": "2"}, ["From", "To"])
    assert (xml_text(root.find("From")), xml_text(root.find("To")), xml_text(root.find("No"))) == (
        "100",
        "",
        "",
    )


@pytest.mark.parametrize(
    "body",
    [
        "<a>Jürgen &amp; Ада</a>".encode(),
        b"\xef\xbb\xbf" + "<a>Jürgen &amp; Ада</a>".encode(),
        "<a>Jürgen &amp; Ада</a>".encode("utf-16"),
        '\r\n <?xml version="1.0" encoding="UTF-8"?><a>Jürgen &#38; Ада</a>\n\n'.encode(),
        '<?xml version="1.0" encoding="ISO-8859-1"?><a>Jürgen &amp; Ада</a>'.encode(),
        '<?xml version="1.0" encoding="no-such-code"?><a>Jürgen &amp; <![CDATA[Ада]]></a>'.encode(),
    ],
)
def test_a_document_is_read_as_what_it_is_and_not_as_what_it_says(body: bytes) -> None:
    assert xml_text(xml_of(body)) == "Jürgen & Ада"


def test_what_is_no_utf_8_is_latin_1() -> None:
    assert xml_text(xml_of("<a>Jürgen</a>".encode("latin-1"))) == "Jürgen"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"no XML",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a b=1/>",
        b'<a b="1" b="2"/>',
        b"<a>&nothing;</a>",
        b"<a>\x00</a>",
        b"<a>&#0;</a>",
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://localhost/"> %b;]><a/>',
        b"<a>" * 33 + b"</a>" * 33,
        b"<a>" + b"<b/>" * 2000 + b"</a>",
        b"\xff\xfe<",
    ],
)
def test_what_is_no_plain_document_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        xml_of(body)


def test_a_refusal_tells_nothing_of_what_was_sent() -> None:
    with pytest.raises(Unreadable) as caught:
        xml_of(b"<Ada><Lovelace></Ada>")

    assert "Ada" not in str(caught.value)
    assert caught.value.__cause__ is None


PIECES = st.sampled_from(
    [b"<a>", b"</a>", b"<a/>", b"&amp;", b"&b;", b"<!DOCTYPE a>", b"<![CDATA[", b"]]>", b"\xff"]
)


@given(st.binary() | st.lists(PIECES | st.binary(max_size=3)).map(b"".join))
def test_any_bytes_are_a_document_or_are_refused(body: bytes) -> None:
    try:
        assert xml_of(body).tag
    except Unreadable:
        return
