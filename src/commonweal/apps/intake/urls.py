"""Addresses of intake's pages."""

from django.urls import path, register_converter

from commonweal.apps.intake.views import area, feeds, late, line_list, mending, upload


class FormConverter:
    """The ending of a download."""

    regex = "csv|xlsx|parquet|svg|geojson"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class OutcomeConverter(FormConverter):
    """An outcome whose records are held until they are mended."""

    regex = "rejected|pending"


register_converter(FormConverter, "form")
register_converter(OutcomeConverter, "outcome")

app_name = "intake"
urlpatterns = [
    path("my-area", area.page, name="my_area"),
    path("my-area/live", area.live, name="my_area_live"),
    path("my-area/<slug:what>.<form:form>", area.download, name="my_area_file"),
    path("balance", feeds.balance_sheet, name="balance"),
    path("balance.<form:form>", feeds.balance_sheet, name="balance_file"),
    path("line-list", line_list.page, name="line_list"),
    path("line-list.schema.json", line_list.schema, name="line_list_schema"),
    path("line-list.example.csv", line_list.example_file, name="line_list_example"),
    path("feeds", feeds.feed_list, name="feeds"),
    path("feeds/<slug:name>", feeds.one_feed, name="feed"),
    path("feeds/<slug:name>/upload", upload.choose, name="upload"),
    path("feeds/<slug:name>/upload/match", upload.match, name="upload_match"),
    path("feeds/<slug:name>/upload/send", upload.send, name="upload_send"),
    path("submissions/<int:number>", feeds.one_submission, name="submission"),
    path("submissions/<int:number>/<outcome:outcome>-rows.csv", mending.rows_to_mend, name="rows_to_mend"),
    path("orphans", feeds.orphan_list, name="orphans"),
    path("orphans/<int:number>/<int:row>", mending.orphan, name="orphan"),
    path("orphans/<int:number>/<int:row>/drop", mending.drop, name="orphan_drop"),
    path("late", late.why_late, name="late"),
    path("late.<form:form>", late.why_late, name="late_file"),
    path("late/ask", late.ask, name="late_ask"),
    path("late/<int:number>/answer", late.answer, name="late_answer"),
]
