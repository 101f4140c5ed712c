"""Leicester and Leicestershire, February to July 2020: invented people whose counts are the published ones."""

from __future__ import annotations

from commonweal.synthetic.leicester.build import Replay, leicester_replay
from commonweal.synthetic.leicester.files import write_replay
from commonweal.synthetic.leicester.published import Published, read_published
from commonweal.synthetic.leicester.reconcile import reconciliation, report_text

__all__ = ["Published", "Replay", "leicester_replay", "read_published", "reconciliation", "report_text", "write_replay"]
