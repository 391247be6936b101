"""Numbering plans are there before they are needed, and no call waits for them."""

import asyncio
import subprocess
import sys

from cti_lookup.telephone.plan import PLANS, import_plan

LOADED = """
import asyncio
from phonenumbers import PhoneMetadata
from cti_lookup.preloading import preload

def loaded():
    kinds = (PhoneMetadata._region_available, PhoneMetadata._country_code_available)
    return all(loader is None for kind in kinds for loader in kind.values())

async def main():
    assert not loaded()
    await preload()
    assert loaded()

asyncio.run(main())
"""

KEPT = """
import asyncio, re
import phonenumbers
from cti_lookup.preloading import preload

def read_one_of_each_region():
    for region in phonenumbers.SUPPORTED_REGIONS:
        number = phonenumbers.example_number(region)
        assert phonenumbers.is_valid_number(number)

asyncio.run(preload())
read_one_of_each_region()
re.purge()
read_one_of_each_region()
assert not re._cache
"""


async def test_all_plans_can_be_loaded_ahead() -> None:
    assert await _ran(LOADED) == (0, "")


async def test_what_was_compiled_for_a_plan_is_kept_however_many_plans_there_are() -> None:
    assert await _ran(KEPT) == (0, "")


async def _ran(text: str) -> tuple[int | None, str]:
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", text, stderr=subprocess.PIPE)
    _, errors = await program.communicate()
    return program.returncode, errors.decode()


def test_every_plan_has_a_file() -> None:
    assert all(map(import_plan, PLANS))


def test_a_plan_whose_file_cannot_be_read_is_said_to_be_missing() -> None:
    assert not import_plan("nowhere")
