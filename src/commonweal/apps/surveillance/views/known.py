"""*What people know* of a place or signal, and what offices write there."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commonweal.apps.access import queries as access
from commonweal.apps.access.scope import scoped_read
from commonweal.apps.desk import configuration
from commonweal.apps.desk import hiding as words_hiding
from commonweal.apps.desk.views.hiding import hidden_by
from commonweal.apps.intake.views import common
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import hiding, known, signal_reads, signals, social, why_reads
from commonweal.apps.surveillance.pages import known as page_of
from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.pages import social as social_page
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web.forms import NOTHING, Sent
from commonweal.web.pages import Link

WRITE, JUDGE = "write_local_knowledge", "judge_signals"


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """To what people know of the place that the office answers for (of several, the first by code)."""
    actor = common.actor(request)
    answers_for = sorted(access.mandate(actor.office_id))
    if not answers_for:
        raise NotThere("Your office answers for no place, so there is none to write about.")
    return HttpResponseRedirect(f"/places/{answers_for[0]}/known")


@require_GET
def place(request: HttpRequest, code: str) -> HttpResponse:
    """Everything that is known of a place: notes, hypotheses, and the social layer beside the cases."""
    return _place(request, code)


def _place(request: HttpRequest, code: str, sent: Sent = NOTHING) -> HttpResponse:
    where = why_reads.where(code)
    actor = common.actor(request)
    related = social.related(where)
    notes = known.notes(actor, related)
    hypotheses = known.hypotheses(actor, related)
    names = places.names([row["place_code"] for row in notes])
    counts = common.has(request, "read_counts")
    tables, empty, sources = social_page.build(where.name, *social.layer(where)) if counts else ((), None, ())
    built = page_of.build(
        f"What people know: {where.name}", code, None, notes, hypotheses, (), names, common.now(), actor.person_id,
        configuration.rules().recall_minutes,
        may_write=common.has(request, WRITE), may_judge=common.has(request, JUDGE),
        around=(Link("Why is it rising?", f"/places/{code}/why"),) if counts else (), social=tables, social_empty=empty,
        social_sources=sources,
        trail=(Link(where.name, f"/places/{code}"), Link("What people know", "")) if counts else (), sent=sent,
        hideable=hiding.hideable(actor, hypotheses),
    )  # fmt: skip
    return _shown(request, "known", built, sent)


@require_http_methods(["GET", "POST"])
def signal(request: HttpRequest, number: int) -> HttpResponse:
    """Judgements, hypotheses and notes of a signal; posting judges it."""
    if request.method != "POST":
        return _signal(request, number)
    common.require(request, JUDGE, "judge signals")
    verdict, into = request.POST.get("verdict", ""), request.POST.get("merged_into", "").strip()
    reason = request.POST.get("reason", "")
    try:
        known.judge(common.actor(request), number, verdict, reason, _number(into) if into else None)
    except Refused as refused:
        form, target = (f"split-{into}", f"split-reason-{into}") if verdict == known.SPLIT else ("judge", "reason")
        return _signal(request, number, _again(request, form, target, refused))
    return HttpResponseRedirect(f"/signals/{number}/judgements")


def _signal(request: HttpRequest, number: int, sent: Sent = NOTHING) -> HttpResponse:
    actor = common.actor(request)
    common.require(request, "read_counts", "see signals")
    with scoped_read(actor, query="judgements of a signal", filters={"signal": number}, data_class="L1") as scope:
        found = signals.signal(scope, number)
    if found is None:
        raise NotThere(f"There is no signal {number} among those that your office sees.")
    notes = known.notes(actor, None, number)
    code = found["place_code"] or found["scope"][0]
    names = places.names([row["place_code"] for row in notes])
    called = words.title(found, signal_reads.names_for([found]))
    title = f"What offices say of signal {number}: {called}"
    trail = (Link("Signals", "/signals"), Link(called, f"/signals/{number}"), Link("What offices say", ""))
    hypotheses, judged = known.hypotheses(actor, None, number), known.judgements(actor, number)
    built = page_of.build(
        title, code, number, notes, hypotheses, judged, names, common.now(), actor.person_id,
        configuration.rules().recall_minutes,
        may_write=common.has(request, WRITE), may_judge=common.has(request, JUDGE),
        around=(
            Link("The signal: its figures and its history", f"/signals/{number}"),
            Link("Why is it rising?", f"/places/{code}/why"), Link("What people know here", f"/places/{code}/known"),
            *evidence_link(request, number),
        ),
        trail=trail, sent=sent, hideable=hiding.hideable(actor, hypotheses, judged),
    )  # fmt: skip
    return _shown(request, "known", built, sent)


@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """An office writes down what it knows."""
    common.require(request, WRITE, "write down what is known locally")
    given = request.POST
    sign = given.get("signal", "").strip()
    days: dict[str, date | None] = {}
    for name in ("first", "last"):
        try:
            days[name] = _day(given.get(name, ""))
        except Refused as refused:
            return _page_of(request, _again(request, "note", f"note-{name}", refused))
    try:
        about = known.About(
            given.get("place", ""), days["first"], days["last"],
            given.get("setting", "").strip() or None, _number(sign) if sign else None,
        )  # fmt: skip
        visibility = given.get("visibility", "offices")
        number = known.write_note(common.actor(request), about, given.get("words", ""), visibility)
    except Refused as refused:
        return _page_of(request, _again(request, "note", "note-words", refused))
    return HttpResponseRedirect(f"/known/notes/{number}")


@require_GET
def note(request: HttpRequest, number: int) -> HttpResponse:
    """One note."""
    return _note(request, number)


def _note(request: HttpRequest, number: int, sent: Sent = NOTHING) -> HttpResponse:
    actor = common.actor(request)
    row = known.note(actor, number)
    names = places.names([row["place_code"]])
    built = page_of.one(
        row, names, common.now(), actor.person_id, actor.office_id, configuration.rules().recall_minutes,
        may_write=common.has(request, WRITE), may_hide=words_hiding.may_hide(actor, hiding.NOTE, number), sent=sent,
    )  # fmt: skip
    return _shown(request, "one", built, sent)


@require_POST
def take_back_note(request: HttpRequest, number: int) -> HttpResponse:
    """Take back a note within ten minutes."""
    known.take_back_note(common.actor(request), number)
    return HttpResponseRedirect(f"/known/notes/{number}")


@require_POST
def hide_note(request: HttpRequest, number: int) -> HttpResponse:
    """Hide the words of a note from everybody, with the reason; the form asks for a tick that says so."""
    sent = hidden_by(request, hiding.NOTE, number)
    return _note(request, number, sent) if sent.wrong else HttpResponseRedirect(f"/known/notes/{number}")


@require_POST
def show_note_again(request: HttpRequest, number: int) -> HttpResponse:
    """Show words again that one has hidden, within ten minutes."""
    words_hiding.show_again(common.actor(request), hiding.NOTE, number)
    return HttpResponseRedirect(f"/known/notes/{number}")


@require_POST
def narrow_note(request: HttpRequest, number: int) -> HttpResponse:
    """Keep a note that community seats read to offices that read counts."""
    hiding.narrow(common.actor(request), number)
    return HttpResponseRedirect(f"/known/notes/{number}")


@require_POST
def correct(request: HttpRequest, number: int) -> HttpResponse:
    """Put a note of one's office right by one beside it."""
    common.require(request, WRITE, "write down what is known locally")
    try:
        new = known.correct_note(common.actor(request), number, request.POST.get("words", ""))
    except Refused as refused:
        return _note(request, number, _again(request, "correct", "correct-words", refused))
    return HttpResponseRedirect(f"/known/notes/{new}")


@require_POST
def answer(request: HttpRequest, number: int) -> HttpResponse:
    """Say what came of what somebody told us; whoever told it reads it by reference, and by e-mail if they gave one."""
    common.require(request, WRITE, "answer what people tell")
    outcome, said = request.POST.get("outcome", ""), request.POST.get("words", "")
    try:
        known.answer_note(common.actor(request), number, outcome, said)
    except Refused as refused:
        return _note(request, number, _again(request, "answer", "words", refused))
    return HttpResponseRedirect(f"/known/notes/{number}")


@require_POST
def suppose(request: HttpRequest) -> HttpResponse:
    """Put forward what may be the cause."""
    common.require(request, JUDGE, "put forward what may be the cause")
    code, sign = request.POST.get("place", ""), request.POST.get("signal", "").strip()
    signal_number = _number(sign) if sign else None
    try:
        number = known.suppose(common.actor(request), code, request.POST.get("statement", ""), signal_number)
    except Refused as refused:
        return _page_of(request, _again(request, "suppose", "statement", refused))
    return HttpResponseRedirect(_back(code, signal_number, f"#hypothesis-{number}"))


@require_POST
def evidence(request: HttpRequest, number: int) -> HttpResponse:
    """Say what speaks for or against a hypothesis."""
    common.require(request, JUDGE, "weigh what may be the cause")
    given = request.POST
    cited, sign = given.get("note", "").strip(), given.get("signal", "").strip()
    try:
        known.add_evidence(
            common.actor(request), number, given.get("side", ""), given.get("words", ""),
            figure=given.get("figure", "").strip() or None, note=_number(cited) if cited else None,
        )  # fmt: skip
    except Refused as refused:
        return _page_of(request, _again(request, f"evidence-{number}", f"evidence-{number}", refused))
    return HttpResponseRedirect(_back(given.get("place", ""), _number(sign) if sign else None, f"#hypothesis-{number}"))


@require_POST
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """Take back a judgement within ten minutes."""
    sign = known.take_back(common.actor(request), number)
    return HttpResponseRedirect(f"/signals/{sign}/judgements")


def evidence_link(request: HttpRequest, number: int) -> tuple[Link, ...]:
    """Where everything known of a signal is downloaded, for whoever may."""
    here = Link("All of the evidence as one file", f"/api/v1/signals/{number}/evidence")
    return (here,) if common.has(request, "export_records") else ()


def _again(request: HttpRequest, form: str, target: str, refused: Refused) -> Sent:
    """A refused form with everything that was typed into it."""
    return Sent(form, str(refused), target, {name: str(value) for name, value in request.POST.items()})


def _page_of(request: HttpRequest, sent: Sent) -> HttpResponse:
    """The page on which a refused form stands: that of its signal, else of its place."""
    sign = sent.typed.get("signal", "").strip()
    return _signal(request, _number(sign), sent) if sign else _place(request, sent.typed.get("place", ""), sent)


def _shown(request: HttpRequest, name: str, built: page_of.Known | page_of.OneNote, sent: Sent) -> HttpResponse:
    template = {"known": "surveillance/known.html", "one": "surveillance/note.html"}[name]
    status = 400 if sent.wrong else 200
    return render(request, template, {"page": built.page, name: built, "form_is_wrong": sent.wrong}, status=status)


def _back(code: str, sign: int | None, anchor: str) -> str:
    if sign is None and known.places_of(code) == []:
        raise NotAllowed(f"There is no place {code[:20]!r}.")
    return f"/signals/{sign}/judgements{anchor}" if sign is not None else f"/places/{code}/known{anchor}"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Refused(f"{text[:40]!r} is no number of a note or signal.")
    return int(text)


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refused(f"{text[:40]!r} is no day; write it like 2020-06-29.") from None
