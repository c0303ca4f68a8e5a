"""What a shell may offer for options and arguments: names that the project says.

No plan is made, nothing is asked of a platform or a database, and what is wrong with a
project is silence here. People are offered only where nothing hides them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

    from ctsync.cli.global_options import GlobalOptions
    from ctsync.model.profile_key import ProfileKey
    from ctsync.project.spoken_names import SpokenNames

_PROJECT = ("project", "what")  # arguments that may name one


def offer_environments(
    ctx: click.Context, _: click.Parameter, start: str
) -> list[CompletionItem]:
    """Offer the environments of the project."""
    return _fitting(_names(ctx).environments, start)


def offer_attributes(
    ctx: click.Context, _: click.Parameter, start: str
) -> list[CompletionItem]:
    """Offer the attributes that the project names."""
    return _fitting(_names(ctx).attributes, start)


def offer_channels(
    ctx: click.Context,  # noqa: ARG001 - the same anywhere
    _: click.Parameter,
    start: str,
) -> list[CompletionItem]:
    """Offer the channels that there are."""
    from ctsync.channels import CHANNELS

    return _fitting(CHANNELS, start)


def offer_regions(
    ctx: click.Context,  # noqa: ARG001 - the same anywhere
    _: click.Parameter,
    start: str,
) -> list[CompletionItem]:
    """Offer the platform's regions."""
    from ctsync.model.snapshot import REGIONS

    return _fitting(REGIONS, start)


def offer_limits(
    ctx: click.Context,  # noqa: ARG001 - the same anywhere
    _: click.Parameter,
    start: str,
) -> list[CompletionItem]:
    """Offer what `--accept` takes; the number is that of a plan."""
    from ctsync.model.policy import JUDGED, REVEAL

    return _open((f"{name}=" for name in (*JUDGED, REVEAL)), start)


def offer_runs(
    ctx: click.Context,  # noqa: ARG001 - the same anywhere
    _: click.Parameter,
    start: str,
) -> list[CompletionItem]:
    """Offer the one run that can be named without asking the state."""
    return _fitting(("last",), start)


def offer_selectors(
    ctx: click.Context, _: click.Parameter, start: str
) -> list[CompletionItem]:
    """Offer `KIND=`, and then what there is of that kind."""
    from ctsync.model.selector_kinds import SELECTOR_KINDS

    kind, equals, _start = start.partition("=")
    if not equals:
        return _open((f"{name}=" for name in SELECTOR_KINDS), start)
    return _fitting((f"{kind}={name}" for name in _of_kind(ctx, kind)), start)


def offer_keys(
    ctx: click.Context, _: click.Parameter, start: str
) -> list[CompletionItem]:
    """Offer the profiles that YAML names and that nothing hides."""
    return _fitting(map(str, _shown_keys(ctx, _names(ctx))), start)


def offer_keys_and_codes(
    ctx: click.Context, param: click.Parameter, start: str
) -> list[CompletionItem]:
    """Offer profiles, and the codes of findings once a C is typed."""
    keys = offer_keys(ctx, param, start)
    if not start.startswith("C"):
        return keys
    from ctsync.diagnostic_codes import CODES

    return [*keys, *_fitting(CODES, start, lambda code: CODES[code].meaning)]


def _settings(ctx: click.Context) -> GlobalOptions:
    from ctsync.cli.global_options import GlobalOptions

    return ctx.find_object(GlobalOptions) or GlobalOptions()


def _names(ctx: click.Context) -> SpokenNames:
    from ctsync.cli.global_options import data_roots_of, environment_of
    from ctsync.errors import CtsyncError
    from ctsync.project.spoken_names import SpokenNames, spoken_names

    settings = _settings(ctx)
    try:
        return spoken_names(
            settings.directory / _project(ctx),
            environment_of(settings),
            data_roots_of(settings),
        )
    except (CtsyncError, OSError):
        return SpokenNames()


def _project(ctx: click.Context) -> Path:
    if not any(param.name in _PROJECT for param in ctx.command.params):
        return Path()
    named = [ctx.params.get(name) for name in _PROJECT]
    # While an option waits for its value, click leaves arguments as they are typed.
    for word in map(Path, filter(None, (*named, *ctx.args))):
        if word.suffix != ".plan" and not word.name.startswith("-"):
            return word
    return Path()


def _of_kind(ctx: click.Context, kind: str) -> Iterable[str]:
    from ctsync.model.change import ACTIONS

    if kind == "action":
        return ACTIONS
    names = _names(ctx)
    listed = {
        "attribute": names.attributes,
        "cohort": names.cohorts,
        "table": names.tables,
        "file": names.files,
    }
    if kind in listed:
        return listed[kind]
    return (key.id for key in _shown_keys(ctx, names) if key.type == kind)


def _shown_keys(ctx: click.Context, names: SpokenNames) -> Iterator[ProfileKey]:
    from ctsync.cli.completion.shown_people import hides_everybody
    from ctsync.model.masking import Mask

    hides_all = hides_everybody(names, is_sandboxed=_settings(ctx).sandbox)
    mask = Mask(all_identities=hides_all)
    return (key for key in names.keys if not mask.hides(key))


def _fitting(
    names: Iterable[str], start: str, help_of: Callable[[str], str] | None = None
) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [
        CompletionItem(name, help=None if help_of is None else help_of(name))
        for name in names
        if name.startswith(start)
    ]


def _open(names: Iterable[str], start: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name, "open") for name in names if name.startswith(start)]
