"""
What is shipped beside our own code: `make sbom` writes it as CycloneDX, from the lock and the metadata of .venv.

The lock says which packages, for every Python and machine that is supported; the metadata of those that are installed
here says their licences and what they need in turn.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from cyclonedx import spdx
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

NAME: Final = "cti-lookup"
_LOCKED: Final = re.compile(r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==([^\s;]+)", re.MULTILINE)
_OURS: Final = UUID("7a5d7c3e-6b0a-5b8e-9c55-0a8f5f3a7f10")
"""The name space of serial numbers: the same lock of the same version has the same one."""

# Trove classifiers and free texts of the locked packages that have no SPDX expression.
_SAID_OTHERWISE: Final = {
    "Apache 2.0": "Apache-2.0",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}


class NotAsLockedError(Exception):
    """What is installed is not what the lock says, so that its metadata says nothing of what is shipped."""


@dataclass(frozen=True, slots=True)
class Package:
    """A locked package; `licence` is an SPDX expression, and None where it is not installed or does not say."""

    name: str
    version: str
    licence: str | None = None
    needs: tuple[str, ...] = ()


def packages(lock: str) -> tuple[Package, ...]:
    """Read a lock's packages, in its order. Raises `NotAsLockedError`."""
    return tuple(_package(name, version) for name, version in _LOCKED.findall(lock))


def _package(name: str, version: str) -> Package:
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        return Package(name, version)  # for another Python than this one
    if installed.version != version:
        raise NotAsLockedError(
            f"{name} is installed as {installed.version} and locked as {version}: run make"
        )
    return Package(name, version, _licence(installed), tuple(_needs(installed)))


def _licence(of: Distribution) -> str | None:
    """Give a licence as SPDX: what the metadata says in that form, else what it says in another that is known."""
    said = of.metadata.get_all("License-Expression", []) + of.metadata.get_all("License", [])
    known = (_SAID_OTHERWISE.get(text) for text in said + of.metadata.get_all("Classifier", []))
    return next((text for text in said if _is_spdx(text)), None) or next(filter(None, known), None)


def _is_spdx(text: str) -> bool:
    return spdx.is_supported_id(text) or (" " in text and spdx.is_expression(text))


def _needs(installed: Distribution) -> Iterator[str]:
    """Name what a package needs here, without its extras."""
    for text in installed.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield normalised(requirement.name)


def normalised(name: str) -> str:
    """Give a package's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bill(version: str, direct: Iterable[str], locked: Iterable[Package], at: datetime) -> Bom:
    """Make the bill of a version of ours that needs some packages directly, and the locked ones in all."""
    locked = tuple(locked)
    ours = _component(Package(NAME, version, "MIT"), ComponentType.APPLICATION)
    components = {package.name: _component(package, ComponentType.LIBRARY) for package in locked}
    serial = uuid5(_OURS, "\n".join([version, *(f"{one.name}=={one.version}" for one in locked)]))
    bom = Bom(components=components.values(), serial_number=serial)
    bom.metadata.component = ours
    bom.metadata.timestamp = at
    _register(bom, ours, direct, components)
    for package in locked:
        _register(bom, components[package.name], package.needs, components)
    return bom


def _register(
    bom: Bom, component: Component, needs: Iterable[str], components: Mapping[str, Component]
) -> None:
    bom.register_dependency(component, [components[name] for name in sorted(needs) if name in components])


def _component(package: Package, kind: ComponentType) -> Component:
    url = PackageURL("pypi", name=package.name, version=package.version)
    return Component(
        name=package.name,
        version=package.version,
        type=kind,
        bom_ref=url.to_string(),
        purl=url,
        licenses=[_as_licence(package.licence)] if package.licence else [],
    )


def _as_licence(spdx: str) -> LicenseExpression | DisjunctiveLicense:
    """Tell one licence from an expression of several, as CycloneDX does."""
    return LicenseExpression(spdx) if " " in spdx else DisjunctiveLicense(id=spdx)


def written(bom: Bom) -> str:
    """Give a bill as CycloneDX 1.6, JSON."""
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def main(lock: str, file: str) -> None:
    """Write the bill of a lock into a file."""
    ours = distribution(NAME)
    try:
        locked = packages(Path(lock).read_text(encoding="utf-8"))
    except NotAsLockedError as error:
        sys.exit(f"✗ {error}")
    place = Path(file)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(written(bill(ours.version, _needs(ours), locked, datetime.now(UTC))), encoding="utf-8")
    sys.stdout.write(f"» {len(locked)} packages in {file}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
