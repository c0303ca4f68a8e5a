# ruff: noqa: INP001 - scripts beside each other, not a package
"""The few calls of GitHub's REST API that we need, bounded in time and size."""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
_NEXT = re.compile(r'<([^<>]+)>;\s*rel="next"')
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

# 100 is the most that a page holds (GitHub's public docs).
_PER_PAGE = 100
_MOST_PAGES = 100
_MOST_BYTES = 32_000_000


class ApiFailed(Exception):
    """GitHub did not do what was asked; the message says why, without the token."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    # urllib would send the token along to wherever a redirect points.
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class GitHub:
    """One repository at GitHub, or at an Enterprise server."""

    url: str
    repository: str
    token: str = field(repr=False)
    timeout_seconds: float = 15.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> GitHub:
        """Find what the runner's variables name; raises ApiFailed."""
        url = environment.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
        repository = environment.get("GITHUB_REPOSITORY", "")
        token = environment.get("CTSYNC_ACTION_TOKEN", "")
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ApiFailed("the token goes to https only")
        if not _REPOSITORY.fullmatch(repository):
            raise ApiFailed("GITHUB_REPOSITORY names no repository")
        if not token:
            raise ApiFailed("there is no github-token")
        seconds = float(environment.get("CTSYNC_ACTION_TIMEOUT_SECONDS", "15"))
        return cls(url, repository, token, seconds)

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield every item of a list, page by page."""
        url: str | None = f"{self._address(path)}?per_page={_PER_PAGE}"
        for _ in range(_MOST_PAGES):
            if url is None:
                return
            items, following = self._call("GET", url)
            if not isinstance(items, list) or not all(type(x) is dict for x in items):
                raise ApiFailed("GitHub gave no list of objects")
            yield from items
            url = self._following(following)
        raise ApiFailed(f"more than {_MOST_PAGES} pages of {path}")

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a document, give the answer."""
        answer, _ = self._call(method, self._address(path), body)
        return answer if isinstance(answer, dict) else {}

    def _address(self, path: str) -> str:
        return f"{self.url}/repos/{self.repository}/{path}"

    def _following(self, links: str) -> str | None:
        match = _NEXT.search(links)
        if match is None:
            return None
        if not match[1].startswith(self.url + "/"):
            raise ApiFailed("the next page is at another server")
        return match[1]

    def _call(
        self, method: str, url: str, body: Mapping[str, Any] | None = None
    ) -> tuple[Any, str]:
        request = urllib.request.Request(  # noqa: S310 - judged in `of`
            url,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "ctsync-action",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        opener = urllib.request.build_opener(_NoRedirects)
        try:
            with opener.open(request, timeout=self.timeout_seconds) as answer:
                text = answer.read(_MOST_BYTES)
                return json.loads(text), answer.headers.get("Link", "")
        except urllib.error.HTTPError as error:
            with error:
                raise ApiFailed(_refusal(method, error.code)) from error
        except (OSError, http.client.HTTPException) as error:
            raise ApiFailed(f"GitHub cannot be reached: {_reason(error)}") from error
        except ValueError as error:
            raise ApiFailed("GitHub's answer is no JSON") from error


def _refusal(method: str, code: int) -> str:
    causes = {
        401: "the token is not valid",
        403: "the job lacks `pull-requests: write`, for an issue `issues: write`, or "
        "the rate limit is hit",
        404: "the token may not see it, or it is gone",
        410: "comments or issues are switched off",
        422: "the text is not accepted",
    }
    cause = causes.get(code)
    return f"GitHub answered {method} with {code}" + (f": {cause}" if cause else "")


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return str(reason) or type(reason).__name__
