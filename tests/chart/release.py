"""What a set of values installs, as the tests look at it."""

from pathlib import Path
from typing import Any, Final

import helm_python as helm
import yaml

HERE: Final = Path(__file__).parent
CHART: Final = HERE.parents[1] / "helm"
EXAMPLES: Final = tuple(sorted(path.stem for path in HERE.glob("*.yaml")))
NAME: Final = "desk-cti-lookup"

# What a manifest, a set of values and a piece of either look like once decoded.
Json = dict[str, Any]


class Release:
    """What one set of values installs: its manifests, by kind and name."""

    def __init__(self, rendered: dict[str, str]) -> None:
        """Take what the chart rendered, a text for each template."""
        texts = [text for path, text in rendered.items() if path.endswith(".yaml")]
        self.manifests: list[Json] = [
            manifest for text in texts for manifest in yaml.safe_load_all(text) if manifest
        ]
        self.notes = next(text for path, text in rendered.items() if path.endswith("NOTES.txt"))

    def one(self, kind: str, name: str = NAME) -> Json:
        """Return the one manifest of this kind and name."""
        (found,) = [m for m in self.manifests if (m["kind"], m["metadata"]["name"]) == (kind, name)]
        return found

    def all(self, kind: str) -> list[Json]:
        """Return the manifests of a kind."""
        return [m for m in self.manifests if m["kind"] == kind]

    @property
    def kinds(self) -> set[str]:
        """Return the kinds there are."""
        return {manifest["kind"] for manifest in self.manifests}

    @property
    def deployment(self) -> Json:
        """Return the specification of the service's deployment."""
        (found,) = [
            m
            for m in self.all("Deployment")
            if m["metadata"]["labels"]["app.kubernetes.io/name"] == "cti-lookup"
        ]
        specification: Json = found["spec"]
        return specification

    @property
    def pod(self) -> Json:
        """Return the service's pod."""
        pod: Json = self.deployment["template"]["spec"]
        return pod

    @property
    def container(self) -> Json:
        """Return the service's container."""
        (container,) = self.pod["containers"]
        return dict(container)

    @property
    def fixed_variables(self) -> dict[str, str]:
        """Return the variables that the deployment itself sets."""
        return {
            variable["name"]: variable["value"] for variable in self.container["env"] if "value" in variable
        }

    @property
    def mounts(self) -> dict[str, Json]:
        """Return the volumes by the places where they are mounted."""
        volumes = {volume["name"]: volume for volume in self.pod["volumes"]}
        return {mount["mountPath"]: volumes[mount["name"]] for mount in self.container["volumeMounts"]}


def values_of(example: str) -> Json:
    """Read one of the sets of values in this folder."""
    return helm.values_from_yaml((HERE / f"{example}.yaml").read_text())


def install(chart: helm.Chart, values: Json | None = None) -> Release:
    """Render the chart as it is installed."""
    return Release(chart.render(values, name="desk", namespace="service-desk"))
