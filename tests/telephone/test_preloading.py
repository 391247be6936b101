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


async def test_all_plans_can_be_loaded_ahead() -> None:
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", LOADED, stderr=subprocess.PIPE)
    _, errors = await program.communicate()

    assert (program.returncode, errors) == (0, b"")


def test_every_plan_has_a_file() -> None:
    assert all(map(import_plan, PLANS))


def test_a_plan_whose_file_cannot_be_read_is_said_to_be_missing() -> None:
    assert not import_plan("nowhere")
