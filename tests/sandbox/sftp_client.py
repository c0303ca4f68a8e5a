"""A client of the sandbox's door, and files as tests write them."""

import asyncio
import csv
import io
import json

import asyncssh

MANY = ("identity", "Plan", "Plan.operation")


def data(*rows, header=MANY):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


def manifest(data_file, *, columns=None, **said):
    mapped = {"identity": "STRING", "Plan": "STRING"} if columns is None else columns
    body = {
        "fileName": data_file,
        "type": "profile",
        "clientEmail": "ops@example.com",
        "columns": {n: {"ctName": n, "dataType": t} for n, t in mapped.items()},
    }
    body |= said
    return json.dumps({n: v for n, v in body.items() if v is not None}).encode()


class SftpClient:
    """One connection for each piece of work, by asyncssh."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.door = sandbox.sftp

    def do(self, work, **options):
        """Run work, an async function of an SFTP client, and give what it gives."""

        async def run():
            async with self.connect(**options) as ssh, ssh.start_sftp_client() as sftp:
                self.ssh = ssh
                return await work(sftp)

        return asyncio.run(run())

    def connect(self, **options):
        door = self.door
        host_key = (door.folder / "host_key.pub").read_text()
        known = asyncssh.import_known_hosts(f"[127.0.0.1]:{door.port} {host_key}")
        said = {
            "username": door.user,
            "client_keys": [str(door.folder / "client_key")],
            "known_hosts": known,
            "config": None,
            "agent_path": None,
        }
        return asyncssh.connect("127.0.0.1", door.port, **(said | options))

    def put(self, **files):
        """Put files by name, without their dots: `a_csv` is a.csv."""

        async def work(sftp):
            for name, content in files.items():
                async with sftp.open(name.replace("_", "."), "wb") as file:
                    await file.write(content)

        self.do(work)

    def send(self, content, *, name="a", **said):
        """Put data and then its manifest, and let it be imported."""
        said = manifest(f"{name}.csv", **said)
        self.put(**{f"{name}_csv": content, f"{name}_manifest": said})
        return self.settle()

    def settle(self):
        """Let everything be imported, and give the last report."""
        self.door.settle()
        report = self.door.imports[-1].report
        return None if report is None else report.to_json()

    def rows_of(self, name):
        """Give the rows of a report."""

        async def work(sftp):
            async with sftp.open(f"reports/{name}", "rb") as file:
                return (await file.read()).decode()

        return [*csv.reader(io.StringIO(self.do(work), newline=""))]
