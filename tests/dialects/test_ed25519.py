"""Ed25519: a signature has one spelling, and a secret that is no key verifies nothing."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.dialects.ed25519 import check_ed25519
from cti_lookup.errors import Unverified

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw())
MESSAGE = b"1517610327|{}"
SIGNED = base64.b64encode(KEY.sign(MESSAGE)).decode()

# RFC 8032, section 7.1, tests 1 and 2.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_vectors_of_the_standard_verify(public: str, message: str, signature: str) -> None:
    key = base64.b64encode(bytes.fromhex(public))
    check_ed25519(base64.b64encode(bytes.fromhex(signature)).decode(), (key,), bytes.fromhex(message))


def test_any_of_the_keys_is_good() -> None:
    check_ed25519(SIGNED, (base64.b64encode(bytes(32)), PUBLIC), MESSAGE)


@pytest.mark.parametrize(
    "secrets",
    [
        (),
        (b"",),
        (b"not base64",),
        (b"AAAA",),
        (bytes([0xFF]),),
        (PUBLIC[:-1],),
        (base64.b64encode(bytes(32)),),
    ],
)
def test_a_secret_that_is_no_key_or_another_verifies_nothing(secrets: tuple[bytes, ...]) -> None:
    with pytest.raises(Unverified):
        check_ed25519(SIGNED, secrets, MESSAGE)


def test_a_signature_with_one_letter_changed_does_not_verify() -> None:
    for place in range(len(SIGNED)):
        changed = f"{SIGNED[:place]}{chr(ord(SIGNED[place]) ^ 1)}{SIGNED[place + 1 :]}"
        with pytest.raises(Unverified):
            check_ed25519(changed, (PUBLIC,), MESSAGE)


def test_a_message_with_one_byte_changed_does_not_verify() -> None:
    for place in range(len(MESSAGE)):
        changed = MESSAGE[:place] + bytes([MESSAGE[place] ^ 1]) + MESSAGE[place + 1 :]
        with pytest.raises(Unverified):
            check_ed25519(SIGNED, (PUBLIC,), changed)


@given(st.text(max_size=100), st.binary(max_size=50))
@settings(max_examples=100, deadline=None)
def test_any_text_is_refused(signature: str, message: bytes) -> None:
    with pytest.raises(Unverified):
        check_ed25519(signature, (PUBLIC,), message)
