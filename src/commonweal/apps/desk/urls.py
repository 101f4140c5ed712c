"""Addresses of the desk's pages."""

from django.urls import path

from commonweal.apps.desk.views import announcing, duty, handover, hiding, search, talk, today

app_name = "desk"
urlpatterns = [
    path("today", today.page, name="today"),
    path("today/live", today.live, name="today_live"),
    path("n/<int:number>", today.by_number, name="by_number"),
    path("told/new", announcing.page, name="announce"),
    path("told/<uuid:notice_id>/recall", talk.recall, name="recall"),
    path("told/<uuid:notice_id>/<slug:office>", today.notice, name="told"),
    path("told/<uuid:notice_id>/<slug:office>/acknowledge", today.acknowledge, name="acknowledge"),
    path("on-duty", duty.page, name="duty"),
    path("on-duty/week", duty.put_on_duty, name="duty_week"),
    path("on-duty/rota", duty.make_or_choose, name="duty_rota"),
    path("on-duty/offer", duty.offer, name="duty_offer"),
    path("on-duty/absence", duty.absence, name="absence"),
    path("on-duty/absence/<int:number>/end", duty.end_absence, name="end_absence"),
    path("on-duty/succession", duty.succession, name="succession"),
    path("on-duty/me", duty.reach_me, name="reach_me"),
    path("brief", talk.weekly_brief, name="brief"),
    path("on-paper", talk.on_paper, name="on_paper"),
    path("practise", talk.practise, name="practise"),
    path("talk", talk.all_talk, name="talk"),
    path("talk/<int:number>", talk.one, name="conversation"),
    path("talk/<int:number>/take-back", talk.take_back, name="talk_take_back"),
    path("hide/<slug:name>/<int:number>", hiding.page, name="hide"),
    path("hide/<slug:name>/<int:number>/show-again", hiding.show_again, name="show_words_again"),
    path("missed", talk.missed_clocks, name="missed"),
    path("missed/<int:number>/reason", talk.reason, name="missed_reason"),
    path("digest/<slug:office>", talk.digest_page, name="digest"),
    path("search", search.page, name="search"),
    path("search/people", search.people, name="search_people"),
    path("search/keep", search.save_view, name="keep_view"),
    path("search/keep/<int:number>/drop", search.drop_view, name="drop_view"),
    path("search/told", search.subscribe, name="subscribe"),
    path("search/told/<int:number>/drop", search.unsubscribe, name="unsubscribe"),
    path("handover", handover.all_notes, name="handovers"),
    path("handover/<int:number>", handover.one, name="handover"),
    path("handover/<int:number>/save", handover.save, name="handover_save"),
    path("handover/<int:number>/take", handover.take, name="handover_take"),
    path("handover/<int:number>/take-back", handover.take_back, name="handover_take_back"),
]
