"""Addresses of why a place is rising and of what people know. The converter of a download's ending is intake's."""

from django.urls import path

from commonweal.apps.surveillance.views import known, tell, why

app_name = "known"
urlpatterns = [
    path("places/<str:code>/why", why.place, name="why"),
    path("places/<str:code>/why/<slug:what>.<form:form>", why.download, name="why_file"),
    path("places/<str:code>/known", known.place, name="place"),
    path("signals/<int:number>/judgements", known.signal, name="signal"),
    path("judgements/<int:number>/take-back", known.take_back, name="take_back"),
    path("known", known.mine, name="mine"),
    path("known/notes", known.write, name="write"),
    path("known/notes/<int:number>", known.note, name="note"),
    path("known/notes/<int:number>/take-back", known.take_back_note, name="take_back_note"),
    path("known/notes/<int:number>/hide", known.hide_note, name="hide_note"),
    path("known/notes/<int:number>/show-again", known.show_note_again, name="show_note_again"),
    path("known/notes/<int:number>/narrow", known.narrow_note, name="narrow_note"),
    path("known/notes/<int:number>/correct", known.correct, name="correct"),
    path("known/notes/<int:number>/answer", known.answer, name="answer"),
    path("known/hypotheses", known.suppose, name="suppose"),
    path("known/hypotheses/<int:number>/evidence", known.evidence, name="evidence"),
    path("tell-us", tell.tell_us, name="tell_us"),
    path("tell-us/<str:reference>", tell.outcome, name="told"),
]
