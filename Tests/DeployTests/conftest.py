"""Finds the tools and the readers of Deploy/ for the tests in this folder, which need no running process."""

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "Deploy"
sys.path.insert(0, str(ROOT / "Tests/Support/deployment"))


def tool(name):
    """A program of the virtual environment, or else of this machine."""
    own = pathlib.Path(sys.executable).parent / name
    found = str(own) if own.exists() else shutil.which(name)
    assert found, f"{name} is not installed; Deploy/install test gets it"
    return found


def check(name, *arguments, **options):
    """Runs a checker that has to agree, and returns everything it said."""
    done = subprocess.run(
        [tool(name), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=120, cwd=ROOT, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def below_root(paths):
    """Names for cases of a test."""
    return [str(path.relative_to(ROOT)) for path in paths]
