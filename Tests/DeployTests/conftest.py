"""Makes the readers of Deploy/ in Tests/Support known to the tests of this folder."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Support/deployment"))
