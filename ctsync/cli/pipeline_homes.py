"""Homes of a state as a pipeline sees them: what it says of each, and how it signs in.

Clouds take the short-lived token that the pipeline's host signs for each job (OIDC), so
that no key of theirs lies anywhere. A job that plans has a role of its own, which can
read and no more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from textwrap import indent

from msgspec import Struct


class PipelineHome(Struct, frozen=True):
    """Where a state lives.

    `state` is what the project file says, `extra` what is installed for it, `where`
    the comment that says what to set up. `sign_in` is a step of GitHub's, `job` are
    lines of a job of GitLab's; both have @ROLE@ where PLAN or APPLY stands. `exchange`
    names the template of what a job of GitLab does with its token. `variables` are
    those of the step that runs ctsync.
    """

    state: str
    where: str
    extra: str = ""
    sign_in: str = ""
    job: str = ""
    variables: str = ""
    exchange: str = ""


_BY_ADDRESS = '{url: "${STATE_URL}", name: "@NAME@"}   # @WHAT@'
_STEP = "- name: Sign in to where the state lies\n"
_SIGNED = "id_tokens:\n  CTSYNC_TOKEN: {aud: @AUDIENCE@}\nvariables:\n"
_FILE = "/tmp/ctsync-token"  # noqa: S108 - of a container that goes with its job


def _by_address(what: str) -> str:
    return _BY_ADDRESS.replace("@WHAT@", what)


HOMES: Mapping[str, PipelineHome] = {
    "postgresql": PipelineHome(
        _by_address("a secret of the pipeline"),
        "a database, whose address is the secret STATE_URL.",
        "[postgres]",
    ),
    "s3": PipelineHome(
        _by_address("s3://BUCKET/PREFIX/, a secret of the pipeline"),
        "a bucket, whose address s3://BUCKET/PREFIX/ is the secret STATE_URL, and in\n"
        "variables AWS_REGION and two roles that trust this repository's tokens:\n"
        "AWS_PLAN_ROLE, which reads, and AWS_APPLY_ROLE. Their rights are listed in\n"
        "ctsync's specs/state.md. A role lends itself for an hour: an apply that\n"
        "takes longer stops with exit 3, and the next one goes on.",
        "[object-store]",
        _STEP
        + "  uses: aws-actions/configure-aws-credentials"
        + "@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3\n"
        + "  with:\n"
        + "    role-to-assume: ${{ vars.AWS_@ROLE@_ROLE }}\n"
        + "    aws-region: ${{ vars.AWS_REGION }}\n",
        _SIGNED.replace("@AUDIENCE@", "sts.amazonaws.com")
        + "  AWS_ROLE_ARN: $AWS_@ROLE@_ROLE\n"
        + f"  AWS_WEB_IDENTITY_SIGNED_FILE: {_FILE}\n",
    ),
    "gs": PipelineHome(
        _by_address("gs://BUCKET/PREFIX/, a secret of the pipeline"),
        "a bucket, whose address gs://BUCKET/PREFIX/ is the secret STATE_URL, and in\n"
        "variables GOOGLE_PROVIDER, the workload identity provider that trusts this\n"
        "repository's tokens (GitLab's have the audience ctsync), and two service\n"
        "accounts: GOOGLE_PLAN_ACCOUNT, which reads, and GOOGLE_APPLY_ACCOUNT. A\n"
        "token holds for an hour: an apply that takes longer stops with exit 3, and\n"
        "the next one goes on.",
        "[object-store]",
        _STEP
        + "  id: google\n"
        + "  uses: google-github-actions/auth"
        + "@7c6bc770dae815cd3e89ee6cdf493a5fab2cc093 # v3.0.0\n"
        + "  with:\n"
        + "    workload_identity_provider: ${{ vars.GOOGLE_PROVIDER }}\n"
        + "    service_account: ${{ vars.GOOGLE_@ROLE@_ACCOUNT }}\n"
        + "    token_format: access_token\n"
        + "    create_credentials_file: false\n",
        _SIGNED.replace("@AUDIENCE@", "ctsync")
        + "  GOOGLE_ACCOUNT: $GOOGLE_@ROLE@_ACCOUNT\n",
        exchange="google-token.txt",
        variables="GOOGLE_OAUTH_ACCESS_TOKEN: "
        "${{ steps.google.outputs.access_token }}\n",
    ),
    "az": PipelineHome(
        _by_address("az://CONTAINER/PREFIX/, a secret of the pipeline"),
        "a container, whose address az://CONTAINER/PREFIX/ is the secret STATE_URL,\n"
        "and in variables AZURE_ACCOUNT, the storage account, AZURE_TENANT,\n"
        "AZURE_SUBSCRIPTION and two applications that trust this repository's tokens:\n"
        "AZURE_PLAN_CLIENT, which reads, and AZURE_APPLY_CLIENT.",
        "[object-store]",
        _STEP
        + "  uses: azure/login@f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca # v3.0.1\n"
        + "  with:\n"
        + "    client-id: ${{ vars.AZURE_@ROLE@_CLIENT }}\n"
        + "    tenant-id: ${{ vars.AZURE_TENANT }}\n"
        + "    subscription-id: ${{ vars.AZURE_SUBSCRIPTION }}\n",
        _SIGNED.replace("@AUDIENCE@", "api://AzureADTokenExchange")
        + "  AZURE_CLIENT_ID: $AZURE_@ROLE@_CLIENT\n"
        + "  AZURE_TENANT_ID: $AZURE_TENANT\n"
        + "  AZURE_STORAGE_ACCOUNT_NAME: $AZURE_ACCOUNT\n"
        + f"  AZURE_FEDERATED_SIGNED_FILE: {_FILE}\n",
        'AZURE_USE_AZURE_CLI: "true"\n'
        "AZURE_STORAGE_ACCOUNT_NAME: ${{ vars.AZURE_ACCOUNT }}\n",
    ),
    "file": PipelineHome(
        "state.jsonl                # has one writer and is kept out of git",
        "a path on the disk of a runner of your own, on which all jobs then run.",
    ),
}
"""The homes by the words of `init --state`."""

_MARK = re.compile(
    r"^(?P<space> *)# @(?P<what>[A-Z_]+)(?: (?P<role>\w+))?@\n", re.MULTILINE
)
_ADDRESS = re.compile(r"^(?P<space> +)STATE_URL: .*\n", re.MULTILINE)
_ROLES = {"plan": "PLAN", "preview": "PLAN", "look": "PLAN", "apply": "APPLY"}
_FORKLESS = "  if: github.event.pull_request.head.repo.full_name == github.repository\n"


def read_text(name: str) -> str:
    """Return a template as it is."""
    return files("ctsync").joinpath("templates", name).read_text("utf-8")


def at_home(text: str, state: str) -> str:
    """Return a pipeline's template with what this home of a state needs in it."""
    home = HOMES[state]
    text = _MARK.sub(lambda mark: _filled(mark, home, text), text)
    return _ADDRESS.sub(lambda line: line[0] + indent(home.variables, line[1]), text)


def _filled(mark: re.Match[str], home: PipelineHome, text: str) -> str:
    """Return what stands in the place of a mark of a template."""
    space, what, role = mark["space"], mark["what"], _ROLES.get(mark["role"] or "", "")
    if what == "STATE":
        return indent(home.where + "\n", "#    ")
    if what == "EXCHANGE":
        return indent(read_text(home.exchange), space) if home.exchange else ""
    if what == "ID_TOKEN":
        return f"{space}id-token: write # signs in where the state lies\n" * bool(
            home.sign_in
        )
    if "$CI_" in text:
        return indent(home.job.replace("@ROLE@", role), space)
    step = home.sign_in.replace("@ROLE@", role)
    if mark["role"] == "plan":
        step = step.replace("\n", f"\n{_FORKLESS}", 1) if step else step
    return indent(step, space)
