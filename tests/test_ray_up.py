"""docs/cluster.yaml, by which `ray up` makes a cluster of machines that are there: Ray takes it, and its commands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import ray.autoscaler
from ruamel.yaml import YAML

FILE = Path(__file__).parents[1] / "docs" / "cluster.yaml"
SCHEMA = Path(ray.autoscaler.__file__).with_name("ray-schema.json")


def checked(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(SCHEMA), str(file)]
    return subprocess.run(command, capture_output=True, text=True)


def test_it_keeps_to_rays_schema() -> None:
    done = checked(FILE)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("mistake", ["  kind: local", "most_workers: 3"])
def test_a_mistake_in_it_would_be_found(mistake: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    text = FILE.read_text("utf-8")
    wrong.write_text(text.replace("  type: local", mistake) if mistake.startswith(" ") else f"{text}\n{mistake}\n")
    assert checked(wrong).returncode == 1


def test_ray_fills_in_what_it_leaves_out_and_has_a_node_for_each_machine() -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    told = prepare_config(YAML(typ="safe").load(FILE))
    validate_config(told)
    [kind] = told["available_node_types"].values()
    assert told["max_workers"] == kind["max_workers"] == kind["min_workers"] == 2


def test_each_option_of_its_commands_is_one_of_ray_start() -> None:
    from ray.scripts.scripts import start

    known = {option for parameter in start.params for option in parameter.opts}
    used = set(
        re.findall(
            r"(?<= )--[a-z-]+", " ".join(line for line in FILE.read_text("utf-8").splitlines() if "ray start" in line)
        )
    )
    assert used and used <= known
