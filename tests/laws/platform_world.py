"""A project in a folder, a platform that shows things its own way, and commands."""

import contextlib
import io
import json
import re
from pathlib import Path

from ctsync.cli.app import run
from ctsync.sandbox import Sandbox

PROJECT = """\
version: 1
account: {{id: TEST-1, region: in1, endpoint: "{url}"}}
state: state.jsonl
catalog:
  Points: {{type: counter}}
  Tags: {{type: list}}
  Since: {{type: date}}
policy: {{limits: {{opt_in: 100, remove: 100%, update: 100%}}}}
"""

_DATE = re.compile(r'"([0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:+]+)?)"')  # plain in YAML


class PlatformWorld:
    """Commands are run in this process."""

    def __init__(self, folder, distortions, **options):
        self.folder = Path(folder)
        self.sandbox = Sandbox(account_id="TEST-1", distortions=distortions, **options)

    def __enter__(self):
        self.sandbox.start()
        text = PROJECT.format(url=self.sandbox.url)
        (self.folder / "ctsync.yaml").write_text(text)
        return self

    def __exit__(self, *_):
        self.sandbox.stop()

    def declare(self, people):
        found = [{"identity": n, "attributes": a} for n, a in people.items()]
        text = json.dumps({"profiles": found}, indent=1)
        (self.folder / "p.yaml").write_text(_DATE.sub(r"\1", text))

    def __call__(self, *words, codes=(0,)):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = run(["-C", str(self.folder), *map(str, words)])
        assert code in codes, out.getvalue()
        return out.getvalue()

    def json(self, *words):
        return json.loads(self(*words, "--format", "json"))

    def apply(self, *words):
        self("apply", "--auto-approve", *words)

    def refresh(self):
        return self.json("refresh", "--auto-approve")
