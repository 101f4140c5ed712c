"""What is prepared while a server starts is what pages need, and nothing that fails stops the start."""

from __future__ import annotations

import stat
from pathlib import Path

import django
import pytest
from django.apps import apps

if not apps.ready:
    django.setup()

from django.template import engines
from django.template.backends.jinja2 import Jinja2

from commonweal.core.epi.nowcast import hazards
from commonweal.server.home import Home
from commonweal.site import warming
from commonweal.web import jinja


def test_every_page_and_macro_is_read_and_the_kernels_of_figures_are_there() -> None:
    assert warming.everything() == []
    pages = engines["pages"]
    assert isinstance(pages, Jinja2)
    assert pages.env.cache is not None
    read = {name for _, name in pages.env.cache.keys()}  # noqa: SIM118 - Jinja's cache is no mapping
    assert {"surveillance/place.html", "commonweal/base.html", "desk/today.html"} <= read
    assert any(name.startswith(warming.MACROS) for name in read)
    figures = warming.figures()
    assert sum(1 for day in figures.days if day.likely is not None) > 0, "the nowcast ran, so its kernels are loaded"
    kernels = [each for each in vars(hazards).values() if hasattr(each, "signatures")]
    assert any(each.signatures for each in kernels), "hazards are fitted by compiled kernels"


def test_what_fails_is_logged_and_the_next_step_is_done(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[int] = []

    def broken() -> None:
        raise OSError("no room is left")

    monkeypatch.setattr(warming, "STEPS", (broken, lambda: done.append(1)))
    thread = warming.begin()
    thread.join(10)
    assert done == [1]
    assert "broken could not be prepared" in caplog.text
    assert "no room is left" in caplog.text


def test_compiled_templates_are_kept_for_the_next_start_and_for_nobody_else(tmp_path: Path) -> None:
    assert jinja.compiled_templates(Home(tmp_path / "nowhere")) is None
    assert not (tmp_path / "nowhere").exists()
    cache = jinja.compiled_templates(Home(tmp_path))
    assert cache is not None
    assert stat.S_IMODE((tmp_path / "templates").stat().st_mode) == 0o700
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "templates").write_text("a file in the way")
    assert jinja.compiled_templates(Home(tmp_path / "blocked")) is None
